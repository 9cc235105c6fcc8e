import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonical, digestOf } from '@taskrunner/core/canonical';
import type { Envelope } from '@taskrunner/core/evidence';
import {
  runUuid,
  scheduleUuid,
  type Json,
  type JsonObject,
  type RunId,
  type ScheduleId,
} from '@taskrunner/core/foundation';
import { FileSigner } from '@taskrunner/infrastructure/signing';
import { Client } from 'pg';
import { adminUrlOf } from './stack/replicas';
import { Caller, pack, pause, ROOT, DevStack, type Answer } from './stack/stack';

// Schedules through the public API. To avoid waiting for a minute, a schedule is made due with SQL: its next tick is set to the beginning
// of the current minute. The stack's grace period is long enough for it.

const MINUTE = 60_000;
const GATED = pack(
  `- { id: approve, gate: { approval: owners, message: "go?" } }
- { id: apply, run: { uses: "builtin:noop" } }`,
  '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n',
);
const NOOP = pack('- { id: noop, run: { uses: "builtin:noop" } }');

interface Tick {
  readonly outcome: string;
  readonly reason: string | null;
  readonly runId: string | null;
}

describe('a schedule', () => {
  let folder: string;
  let stack: DevStack;
  let sql: Client;
  let ada: Caller;
  let linus: Caller;
  let grace: Caller;
  let mallory: Caller;
  let made = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-schedules-'));
    stack = await DevStack.shared('plain');
    sql = new Client({ connectionString: adminUrlOf(stack) });
    await sql.connect();
    const callers = ['ada', 'linus', 'grace', 'mallory'].map(
      async (login) => new Caller(stack.server, await stack.tokenFor(login)),
    );
    [ada, linus, grace, mallory] = (await Promise.all(callers)) as [Caller, Caller, Caller, Caller];
  }, 120_000);

  afterAll(async () => {
    await sql?.end();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** It ticks once a year, so that only `tick` makes it due. */
  async function create(caller: Caller, more: object = {}): Promise<ScheduleId> {
    const { status, body } = await post(caller, more);
    expect([status, body['code']]).toEqual([201, undefined]);
    return body['scheduleId'] as ScheduleId;
  }

  function post(caller: Caller, more: object): Promise<Answer> {
    const body = { name: `schedule ${++made}`, cron: '0 0 1 1 *', manifest: NOOP, ...more };
    return caller.ask('POST', '/api/schedules', body);
  }

  const shown = async (id: ScheduleId) => (await ada.ask('GET', `/api/schedules/${id}`)).body;
  const history = async (id: ScheduleId) =>
    (await ada.ask('GET', `/api/schedules/${id}/ticks`)).body['items'] as unknown as Tick[];

  /** Makes it due and waits for the result of the tick. */
  async function tick(id: ScheduleId): Promise<Tick> {
    const before = (await history(id)).length;
    // Ticks of one test must differ, so earlier ones are dated a minute apart.
    const due = (Math.floor(Date.now() / MINUTE) - 2 + before) * MINUTE;
    await sql.query('update pack_runs.schedules set next_ms = $1 where schedule_id = $2', [due, scheduleUuid(id)]);
    for (const end = Date.now() + 30_000; ;) {
      const ticks = await history(id);
      if (ticks.length > before && ticks[0]) return ticks[0];
      if (Date.now() > end) throw new Error(`no tick: ${JSON.stringify(await shown(id))}`);
      await pause(50);
    }
  }

  async function ran(id: ScheduleId): Promise<RunId> {
    const { outcome, reason, runId } = await tick(id);
    expect([outcome, reason]).toEqual(['ran', null]);
    return runId as RunId;
  }

  /** Changes the pack of a schedule as its owner would: with a new signature. */
  async function resigned(id: ScheduleId, change: (source: string) => string): Promise<void> {
    const { rows } = await sql.query<{ source: string; record: Envelope }>(
      'select source::text, record from pack_runs.schedules where schedule_id = $1',
      [scheduleUuid(id)],
    );
    const [{ source, record } = { source: '', record: null }] = rows;
    if (record === null) throw new Error('no record');
    const changed = change(source);
    expect(changed).not.toBe(source);
    const former = JSON.parse(Buffer.from(record.payload, 'base64').toString()) as JsonObject;
    const signer = await FileSigner.open('admission', join(stack.stateDirectory, 'keys', 'admission.pem'));
    const payload = canonical({ ...former, sourceDigest: digestOf(JSON.parse(changed) as Json) });
    await sql.query('update pack_runs.schedules set source = $2, record = $3 where schedule_id = $1', [
      scheduleUuid(id),
      changed,
      JSON.stringify(await signer.sign(record.payloadType, payload)),
    ]);
  }

  it('runs its pack like any submission, with evidence that names it', async () => {
    const id = await create(ada, { labels: { team: 'x' } });
    const run = await ran(id);
    const summary = await ada.until(run, ['succeeded', 'failed']);
    expect(summary).toMatchObject({ status: 'succeeded', labels: { team: 'x' }, requester: { id: 'ada' } });
    const { planHash, profileDigest } = summary;
    expect(await shown(id)).toMatchObject({ planHash, profileDigest, status: 'active' });
    const bundle = join(folder, 'scheduled.tar');
    writeFileSync(bundle, await ada.sealed(run));
    const verify = ['verify', bundle, '--trust', stack.trustPath, '--allow-dev', '--json'];
    const { stdout } = await stack.taskrunner(verify);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, run, planHash });
    const { rows } = await sql.query<{ admission: { payload: string } }>(
      'select admission from pack_runs.run_sources where run_id = $1',
      [runUuid(run)],
    );
    const record = JSON.parse(Buffer.from(rows[0]?.admission.payload ?? '', 'base64').toString()) as object;
    expect(record).toMatchObject({ scheduleId: id, runId: run });
  });

  it('lets neither its creator nor its last editor nor its author decide at the gates of its runs', async () => {
    const created = await create(linus, { manifest: GATED });
    const first = await ran(created);
    await ada.until(first, ['waiting']);
    expect((await linus.approve(first, 'approve')).body).toMatchObject({ code: 'GATE_SELF_APPROVAL', status: 403 });
    expect((await grace.approve(first, 'approve')).status).toBe(200);
    expect((await ada.until(first, ['succeeded', 'failed']))['status']).toBe('succeeded');

    // Created by ada and edited by linus, so both are initiators.
    const edited = await create(ada, { manifest: NOOP });
    expect((await linus.ask('PATCH', `/api/schedules/${edited}`, { manifest: GATED })).status).toBe(200);
    // Another edit does not remove linus as an editor. A pause makes nobody an editor.
    expect((await ada.ask('PATCH', `/api/schedules/${edited}`, { labels: { a: 'b' } })).body).toMatchObject({
      editor: { id: 'ada' },
      author: { id: 'linus' },
    });
    const second = await ran(edited);
    await ada.until(second, ['waiting']);
    expect((await linus.approve(second, 'approve')).body).toMatchObject({ code: 'GATE_SELF_APPROVAL' });
    expect((await grace.approve(second, 'approve')).status).toBe(200);
  });

  it('that forbids overlap skips the tick and says why; one that replaces asks the run to stop', async () => {
    const forbids = await create(ada, { manifest: GATED, overlap: 'forbid' });
    const first = await ran(forbids);
    expect(await tick(forbids)).toMatchObject({ outcome: 'skipped', reason: 'OVERLAP', runId: null });
    await ada.ask('POST', `/api/runs/${first}/cancel`, { reason: 'enough' });
    await ada.until(first, ['cancelled']);
    await ran(forbids);

    const replaces = await create(ada, { manifest: GATED, overlap: 'replace' });
    const old = await ran(replaces);
    await ada.until(old, ['waiting']);
    const replacement = await ran(replaces);
    expect((await ada.until(old, ['cancelled', 'failed', 'succeeded']))['status']).toBe('cancelled');
    expect((await ada.until(replacement, ['waiting', 'cancelled']))['status']).toBe('waiting');

    const allows = await create(ada, { manifest: GATED, overlap: 'allow' });
    expect(await ran(allows)).not.toBe(await ran(allows));
  });

  describe('that a database administrator has altered', () => {
    const OTHER = pack('- { id: other, run: { uses: "builtin:noop" } }', '  inputs: [ { name: a, type: integer } ]\n');

    async function stopsAltered(id: ScheduleId): Promise<void> {
      expect(await tick(id)).toMatchObject({ outcome: 'stopped', reason: 'SCHEDULE_ALTERED', runId: null });
      const path = `/api/schedules/${id}`;
      const refused = { status: 409, body: { code: 'SCHEDULE_ALTERED' } };
      expect(await ada.ask('GET', path)).toMatchObject(refused);
      expect(await ada.ask('GET', `${path}/next`)).toMatchObject(refused);
      expect(await ada.ask('PATCH', path, { paused: true })).toMatchObject(refused);
      expect(await ada.ask('PATCH', path, { manifest: NOOP })).toMatchObject(refused);
      const { items } = (await ada.ask('GET', '/api/schedules?limit=200')).body as unknown as {
        items: { scheduleId: string; stopped: object | null }[];
      };
      expect(items.find(({ scheduleId }) => scheduleId === id)).toMatchObject({
        status: 'stopped',
        stopped: { code: 'SCHEDULE_ALTERED' },
      });
      const { rows } = await sql.query(
        `select event from pack_runs.audit where event->>'type' = 'schedule.stopped' and event->>'scheduleId' = $1`,
        [id],
      );
      expect(rows).toMatchObject([{ event: { code: 'SCHEDULE_ALTERED' } }]);
      expect((await ada.ask('DELETE', path)).status).toBe(200);
    }

    it('stops, with everything replaced by what was planned for another', async () => {
      const other = await create(linus, { manifest: OTHER, inputs: { a: 1 } });
      const id = await create(ada);
      await sql.query(
        `update pack_runs.schedules s set pack = o.pack, source = o.source, inputs = o.inputs, plan_hash = o.plan_hash,
           profile_digest = o.profile_digest
         from pack_runs.schedules o where o.schedule_id = $2 and s.schedule_id = $1`,
        [scheduleUuid(id), scheduleUuid(other)],
      );
      await stopsAltered(id);
    });

    it('stops, if nobody made it: a copy of another row', async () => {
      const id = await create(ada);
      const copy = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}` as ScheduleId;
      await sql.query('create temp table copied as select * from pack_runs.schedules where schedule_id = $1', [
        scheduleUuid(id),
      ]);
      await sql.query('update copied set schedule_id = $1, name = $2', [scheduleUuid(copy), `copy ${++made}`]);
      await sql.query('insert into pack_runs.schedules select * from copied');
      await stopsAltered(copy);
    });

    it('stops, with a line of its history that names a run of somebody else, which goes on', async () => {
      const id = await create(ada, { manifest: GATED, overlap: 'replace' });
      const own = await ran(id);
      const other = await linus.submit(GATED);
      await linus.until(other, ['waiting']);
      const values = [scheduleUuid(id), runUuid(other as RunId)];
      await sql.query('update pack_runs.schedule_ticks set run_id = $2 where schedule_id = $1', values);
      expect(await history(id)).toMatchObject([{ outcome: 'ran', reason: 'SCHEDULE_ALTERED', runId: null }]);
      expect(await tick(id)).toMatchObject({ outcome: 'stopped', reason: 'SCHEDULE_ALTERED', runId: null });
      expect(await shown(id)).toMatchObject({ status: 'stopped', stopped: { code: 'SCHEDULE_ALTERED' } });
      const { rows } = await sql.query('select 1 from pack_runs.inbox where run_id = any($1::uuid[])', [
        [own, other].map((run) => runUuid(run as RunId)),
      ]);
      expect(rows).toEqual([]);
      // A line whose time is none has no place in the list, and does not take the other lines away.
      await sql.query("update pack_runs.schedule_ticks set tick_ms = 9e15 where schedule_id = $1 and outcome = 'ran'", [
        scheduleUuid(id),
      ]);
      const { status, body } = await ada.ask('GET', `/api/schedules/${id}/ticks`);
      expect([status, body['items']]).toMatchObject([200, [{ outcome: 'stopped', reason: 'SCHEDULE_ALTERED' }]]);
      expect(body['items']).toHaveLength(1);
    });

    it.each(['creator', 'editor', 'author'])('stops, with another %s', async (who) => {
      const id = await create(linus, { manifest: GATED });
      const { rowCount } = await sql.query(
        `update pack_runs.schedules set ${who} = replace(${who}::text, 'linus', 'ada')::json where schedule_id = $1`,
        [scheduleUuid(id)],
      );
      expect(rowCount).toBe(1);
      await stopsAltered(id);
    });

    it('stops without its record, until somebody takes it over', async () => {
      const id = await create(ada, { manifest: GATED });
      await sql.query('update pack_runs.schedules set record = null where schedule_id = $1', [scheduleUuid(id)]);
      expect(await shown(id)).toMatchObject({ status: 'stopped', stopped: { code: 'SCHEDULE_UNSIGNED' } });
      expect(await tick(id)).toMatchObject({ outcome: 'stopped', reason: 'SCHEDULE_UNSIGNED', runId: null });
      const { planHash, profileDigest } = await shown(id);
      const path = `/api/schedules/${id}`;
      for (const edit of [{ paused: false }, { labels: {} }, { manifest: GATED }])
        expect(await linus.ask('PATCH', path, edit)).toMatchObject({
          status: 409,
          body: { code: 'SCHEDULE_UNCONFIRMED', planHash, profileDigest },
        });
      expect((await linus.ask('PATCH', path, { paused: false, planHash, profileDigest })).body).toMatchObject({
        status: 'active',
        creator: { id: 'linus' },
        editor: { id: 'linus' },
        author: { id: 'linus' },
      });
      const run = await ran(id);
      await grace.until(run, ['waiting']);
      expect((await linus.approve(run, 'approve')).body).toMatchObject({ code: 'GATE_SELF_APPROVAL' });
    });
  });

  it('whose plan is another than pinned stops, runs nothing, and goes on for who names the new plan', async () => {
    const id = await create(ada);
    const before = await shown(id);
    // An upgrade could change the plan in the same way as this change of the stored manifest.
    await resigned(id, (source) => source.replace('builtin:noop', 'builtin:fail'));
    expect(await tick(id)).toMatchObject({ outcome: 'stopped', reason: 'PLAN_HASH_MISMATCH', runId: null });
    const stopped = await shown(id);
    expect(stopped).toMatchObject({
      status: 'stopped',
      nextTick: null,
      planHash: before['planHash'],
      stopped: { code: 'PLAN_HASH_MISMATCH', found: { profileDigest: before['profileDigest'] } },
    });
    const { rows } = await sql.query<{ event: object }>(
      `select event from pack_runs.audit where event->>'type' = 'schedule.stopped' and event->>'scheduleId' = $1`,
      [id],
    );
    expect(rows).toMatchObject([{ event: { code: 'PLAN_HASH_MISMATCH' } }]);

    const path = `/api/schedules/${id}`;
    expect((await ada.ask('PATCH', path, { labels: { a: 'b' } })).body).toMatchObject({
      status: 'stopped',
      planHash: before['planHash'],
    });
    const unconfirmed = await ada.ask('PATCH', path, { paused: false });
    const { found } = stopped['stopped'] as { found: { planHash: string; profileDigest: string } };
    expect(unconfirmed).toMatchObject({ status: 409, body: { code: 'SCHEDULE_UNCONFIRMED', ...found } });
    expect(
      (
        await ada.ask('PATCH', path, {
          paused: false,
          planHash: before['planHash'],
          profileDigest: found.profileDigest,
        })
      ).body,
    ).toMatchObject({ code: 'PLAN_HASH_MISMATCH' });
    const confirmed = ['--plan-hash', found.planHash, '--profile-digest', found.profileDigest];
    const env = { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: await stack.tokenFor('ada') };
    const resumed = await stack.taskrunner(['schedule', 'resume', id, ...confirmed], env);
    expect([resumed.status, resumed.stderr]).toEqual([0, '']);
    expect(await shown(id)).toMatchObject({ status: 'active', stopped: null, ...found });
  });

  it('is of its tenant', async () => {
    const id = await create(ada);
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['GET', '/ticks', undefined],
      ['GET', '/next', undefined],
      ['PATCH', '', { paused: true }],
      ['DELETE', '', undefined],
    ] as const)
      expect((await mallory.ask(method, `/api/schedules/${id}${path}`, body)).body).toMatchObject({
        status: 404,
        code: 'SCHEDULE_NOT_FOUND',
      });
    expect((await mallory.ask('GET', '/api/schedules')).body).toEqual({ items: [], nextCursor: null });
    expect((await grace.ask('GET', '/api/schedules')).body).toMatchObject({ code: 'SCOPE_MISSING' });
    expect((await shown(id))['status']).toBe('active');
  });

  it.each<[string, object, number, string, string | null]>([
    ['seconds', { cron: '*/5 * * * * *' }, 422, 'SCHEDULE_INVALID', 'SCHEDULE_CRON'],
    ['a date that never comes', { cron: '0 0 31 2 *' }, 422, 'SCHEDULE_INVALID', 'SCHEDULE_NEVER'],
    ['a time zone that is none', { timeZone: 'Europe/Utopia' }, 422, 'SCHEDULE_INVALID', 'SCHEDULE_TIME_ZONE'],
    ['an end that is over', { until: '2001-01-01T00:00:00Z' }, 422, 'SCHEDULE_INVALID', 'SCHEDULE_UNTIL'],
    ['too long a window', { catchUpWindow: '400d' }, 422, 'SCHEDULE_INVALID', 'SCHEDULE_WINDOW'],
    ['an overlap rule that is none', { overlap: 'queue' }, 422, 'REQUEST_INVALID', 'REQUEST_INVALID'],
    ['an end without an offset', { until: '2030-01-01' }, 422, 'REQUEST_INVALID', 'REQUEST_INVALID'],
    ['a member that is none', { pack: 'a:1.0.0' }, 422, 'REQUEST_INVALID', 'REQUEST_INVALID'],
    ['a pack with faults', { manifest: 'a: 1' }, 422, 'PACK_INVALID', null],
    ['an input that is none', { inputs: { a: 1 } }, 422, 'PLAN_INVALID', null],
    ['another plan', { planHash: `sha256:${'0'.repeat(64)}` }, 409, 'PLAN_HASH_MISMATCH', null],
    ['another profile', { profileDigest: `sha256:${'0'.repeat(64)}` }, 409, 'PROFILE_MISMATCH', null],
  ])('with %s is refused', async (_name, more, status, code, inner) => {
    const { body } = await post(ada, more);
    expect([body['status'], body['code']]).toEqual([status, code]);
    if (inner !== null) expect(body['errors']).toEqual([expect.objectContaining({ code: inner })]);
  });

  it('is edited by one at a time, paused, resumed, and has a name of its own', async () => {
    const id = await create(ada, { name: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin' });
    expect((await post(ada, { name: 'nightly' })).body).toMatchObject({ status: 409, code: 'SCHEDULE_NAME_TAKEN' });
    const path = `/api/schedules/${id}`;
    expect((await ada.ask('PATCH', path, { cron: '0 3 * * *' }, { 'if-match': '"r1"' })).body).toMatchObject({
      revision: 2,
      cron: '0 3 * * *',
    });
    expect((await ada.ask('PATCH', path, { paused: true }, { 'if-match': '"r1"' })).body).toMatchObject({
      code: 'SCHEDULE_CHANGED',
    });
    expect((await linus.ask('PATCH', path, { paused: true })).body).toMatchObject({
      status: 'paused',
      nextTick: null,
      editor: { id: 'ada' },
    });
    expect((await linus.ask('PATCH', path, { paused: false })).body).toMatchObject({
      status: 'active',
      editor: { id: 'linus' },
      author: { id: 'ada' },
    });
    const { body } = await ada.ask('GET', `${path}/next?count=3`);
    const { ticks } = body as unknown as { ticks: { at: string; local: string }[] };
    expect(ticks.map(({ local }) => local.slice(11, 16))).toEqual(['03:00', '03:00', '03:00']);
    expect((await ada.ask('PATCH', path, { files: [] })).body).toMatchObject({ code: 'REQUEST_INVALID' });
    expect((await ada.ask('DELETE', path)).status).toBe(200);
    expect((await ada.ask('DELETE', path)).body).toMatchObject({ status: 404, code: 'SCHEDULE_NOT_FOUND' });
  });

  it('is made of the sample', async () => {
    const sample = JSON.parse(readFileSync(join(ROOT, 'etc/schedules/nightly.json'), 'utf8')) as object;
    const { status, body } = await ada.ask('POST', '/api/schedules', sample);
    expect([status, body['code']]).toEqual([201, undefined]);
    expect(body).toMatchObject({ name: 'nightly-hello', catchUpWindow: 'PT21600S', pack: { name: 'nightly-hello' } });
  });

  it('comes with its files, which a tick reads again, and stops where they are altered', async () => {
    const manifest = pack(
      '- { id: go, effects: once, run: { uses: "builtin:script", with: { interpreter: [sh], path: go.sh } } }',
    );
    const files = [{ path: 'go.sh', contentBase64: Buffer.from('echo gone').toString('base64') }];
    const id = await create(ada, { manifest, files });
    const run = await ran(id);
    expect((await ada.until(run, ['succeeded', 'failed']))['status']).toBe('succeeded');
    await resigned(id, (source) => source.replace(/sha256:[0-9a-f]{64}/, `sha256:${'0'.repeat(64)}`));
    expect(await tick(id)).toMatchObject({ outcome: 'stopped', reason: 'OBJECT_MISSING' });
  });

  it('is managed from the command line', async () => {
    const file = join(folder, 'noop.yaml');
    writeFileSync(file, NOOP);
    const token = await stack.tokenFor('ada');
    const cli = async (...args: string[]) => {
      const env = { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: token };
      const { status, stdout, stderr } = await stack.taskrunner(['schedule', ...args], env);
      if (status !== 0) throw Object.assign(new Error(stderr), { code: status });
      return stdout;
    };
    const created = JSON.parse(
      await cli(
        'create',
        file,
        '--name',
        'by hand',
        '--cron',
        '@daily',
        '--time-zone',
        'UTC',
        '--overlap',
        'replace',
        '--output',
        'json',
      ),
    ) as { scheduleId: string };
    expect(created).toMatchObject({ name: 'by hand', overlap: 'replace', status: 'active' });
    expect(await cli('list')).toContain(created.scheduleId);
    expect(await cli('show', 'by hand')).toMatch(/^sch_\S+ by hand: active\n@daily UTC, next /);
    expect((await cli('next', 'by hand', '--count', '2')).trim().split('\n')).toHaveLength(2);
    expect(await cli('pause', 'by hand')).toContain('paused');
    expect(await cli('resume', created.scheduleId)).toContain('active');
    expect(await cli('delete', 'by hand')).toContain('removed');
    await expect(cli('show', 'by hand')).rejects.toMatchObject({ code: 4 });
  });

  it('is one of as many as the tenant may have', async () => {
    for (;;) {
      const { status, body } = await post(linus, {});
      if (status === 201) continue;
      expect([status, body['code']]).toEqual([409, 'SCHEDULE_LIMIT']);
      break;
    }
    const page = await ada.ask('GET', '/api/schedules?limit=20');
    const rest = await ada.ask('GET', `/api/schedules?limit=20&cursor=${page.body['nextCursor'] as string}`);
    const ids = [page, rest].flatMap(({ body }) =>
      (body['items'] as unknown as { scheduleId: string }[]).map(({ scheduleId }) => scheduleId),
    );
    expect([ids.length, new Set(ids).size]).toEqual([30, 30]);
    expect((await post(mallory, {})).status).toBe(201);
    // Other specs create schedules on this stack, too.
    for (const id of ids) expect((await linus.ask('DELETE', `/api/schedules/${id}`)).body['code']).toBeUndefined();
  });
});
