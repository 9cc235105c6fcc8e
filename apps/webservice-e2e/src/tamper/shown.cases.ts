import type { Client } from 'pg';
import { isNight } from '../stack/at-night';
import { pause, type Caller } from '../stack/stack';
import { Administrator, NOISY, OWNERS, separately, STEPS } from './administrator';

/** A document through which nobody can walk. */
const DEEP = `('{"code":"DOCUMENT_ALTERED","message":"x","needs_attention":' || repeat('[', 30000) || repeat(']', 30000) || ',"type":"a"}')::json`;
const MOST = '9223372036854775807';

describe('a database administrator without keys', () => {
  let admin: Administrator;
  let ada: Caller;
  let grace: Caller;
  let sql: Client;
  beforeAll(async () => {
    admin = await Administrator.shared();
    ({ ada, grace, sql } = admin);
  }, 120_000);

  /** Alters a row with the stack of somebody who stores such documents. */
  async function alter(table: string, change: string, uuid: string): Promise<void> {
    await sql.query("set max_stack_depth = '7MB'");
    const { rowCount } = await sql.query(`update ${table} set ${change} where run_id = $1`, [uuid]);
    await sql.query('reset max_stack_depth');
    expect(rowCount).toBeGreaterThan(0);
  }

  async function altered(run: string, route: string): Promise<void> {
    const answer = await ada.ask('GET', `/api/runs/${run}${route}`);
    expect([route, answer.status, answer.body['code']]).toEqual([route, 409, 'DOCUMENT_ALTERED']);
  }

  const COLUMNS: readonly (readonly [string, string])[] = [
    ['pack_runs.submissions', 'initiators'],
    ['pack_runs.runs', 'outputs'],
    ['pack_runs.runs', 'counts'],
    ['pack_runs.runs', 'altered'],
  ];

  it.each(isNight ? COLUMNS : COLUMNS.slice(0, 2))(
    'cannot take a list away with a document of 30000 levels in %s.%s',
    async (table, column) => {
      const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
      await alter(table, `${column} = ${DEEP}`, uuid);
      for (const list of ['/api/runs?limit=200', '/api/approvals?limit=200']) {
        // The first read marks the run.
        await grace.ask('GET', list);
        const { status, body } = await grace.ask('GET', list);
        expect([list, status]).toEqual([list, 200]);
        expect(JSON.stringify(body)).not.toContain('[[[[');
      }
      if (column !== 'altered')
        expect(await ada.summary(run)).toMatchObject({ status: 'halted', error: { code: 'DOCUMENT_ALTERED' } });
    },
  );

  it.each(['outputs = \'{"r":"evil"}\'', `error = '{"code":"EVIL"}'`, `status = 'HACKED'`])(
    'cannot have a run that waits shown with %s',
    async (change) => {
      const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
      await alter('pack_runs.runs', change, uuid);
      await admin.found(run, await ada.ask('GET', `/api/runs/${run}`));
    },
  );

  it('cannot have a log of a sealed run broken off by a time that is none', async () => {
    const { run, uuid } = await admin.sealedRun();
    await alter('pack_run_logs.chunks', `at_ms = ${MOST}`, uuid);
    await altered(run, '/logs');
  });

  it('cannot have a log of a sealed run shown without its lines, after retention has removed its rows', async () => {
    const withheld = `(select json_agg(c::jsonb || '{"part":null}') from json_array_elements(chunks) c)`;
    for (const chunks of [null, `'[]'`, withheld]) {
      const { run, uuid } = await admin.sealedRun();
      for (const table of ['chunks', 'places'])
        await sql.query(`delete from pack_run_logs.${table} where run_id = $1`, [uuid]);
      if (chunks === null) {
        expect(await (await ada.raw('GET', `/api/runs/${run}/logs`)).text()).toContain('said');
        continue;
      }
      await alter('pack_artifacts.archived_chunks', `chunks = ${chunks}`, uuid);
      await altered(run, '/logs');
    }
  });

  it('cannot make a fault of the service out of a moved position in a bundle', async () => {
    const { run, uuid } = await admin.sealedRun();
    await sql.query('delete from pack_run_logs.journal where run_id = $1', [uuid]);
    await alter('pack_artifacts.archives', 'journal_offset = journal_offset + 1', uuid);
    await altered(run, '/artifacts');
    expect(await ada.summary(run)).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
  });

  it.each([MOST, '1'])('cannot have a bundle given with a size of %s', async (size) => {
    const { run, uuid } = await admin.sealedRun();
    await alter('pack_artifacts.attestations', `bundle_size = ${size}`, uuid);
    await altered(run, '/evidence');
  });

  it('cannot have a delivery shown that nobody requested', async () => {
    const { run, uuid } = await admin.sealedRun();
    await sql.query(
      `insert into pack_artifacts.exports (tenant_id, run_id, destination, artifacts, status, requested_ms, ended_ms)
       select tenant_id, run_id, 'evil', true, 'delivered', 1, 1 from pack_runs.runs where run_id = $1`,
      [uuid],
    );
    await altered(run, '');
  });

  it.each(isNight ? [`pack_signatures = '[7]'`, 'archive'] : ['archive'])(
    'cannot leave evidence pending for ever: %s before the seal, which is blocked and says why',
    async (change) => {
      const { run, uuid } = await admin.waiting(separately(`${NOISY}${STEPS}`, OWNERS));
      const insert = `insert into pack_artifacts.archives select tenant_id, run_id, 0, 0, '' from pack_runs.runs where run_id = $1`;
      if (change === 'archive') await sql.query(insert, [uuid]);
      else await alter('pack_runs.submissions', change, uuid);
      await ada.ask('POST', `/api/runs/${run}/cancel`, {});
      await ada.until(run, ['cancelled']);
      await sql.query(
        `update pack_runs.runs set version = ${MOST} where run_id = $1 and evidence_status <> 'blocked'`,
        [uuid],
      );
      const evidence = async () => {
        const { rows } = await sql.query<{ evidence_status: string; evidence_reason: string | null }>(
          'select evidence_status, evidence_reason from pack_runs.runs where run_id = $1',
          [uuid],
        );
        return rows[0];
      };
      for (let tries = 0; (await evidence())?.evidence_status !== 'blocked' && tries < 150; tries++) await pause(200);
      expect(await evidence()).toEqual({
        evidence_status: 'blocked',
        evidence_reason: expect.stringContaining('DOCUMENT_ALTERED') as string,
      });
    },
    60_000,
  );

  it('cannot have a worker fail for ever on a message that is none', async () => {
    const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
    await sql.query(
      `insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms)
       select tenant_id, run_id, 1, 'evil', 'null', 1 from pack_runs.runs where run_id = $1`,
      [uuid],
    );
    await alter('pack_runs.runs', 'inbox_seq = 1, due_at = now()', uuid);
    await ada.until(run, ['halted']);
    expect(await ada.summary(run)).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
  }, 60_000);
});
