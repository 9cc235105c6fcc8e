import { packedPage } from '@taskrunner/infrastructure/postgres';
import type { Client } from 'pg';
import { isNight } from '../stack/at-night';
import type { Caller } from '../stack/stack';
import { Administrator, NOISY, OWNERS, separately, STEPS, type Stored } from './administrator';

describe('a database administrator without keys', () => {
  let admin: Administrator;
  let ada: Caller;
  let sql: Client;
  beforeAll(async () => {
    admin = await Administrator.shared();
    ({ ada, sql } = admin);
  }, 120_000);

  const ARTIFACTS: readonly (readonly [string, string])[] = [
    ['name', "update pack_artifacts.artifacts set name = 'evil' where run_id = $1"],
    ['digest', `update pack_artifacts.artifacts set digest = 'sha256:${'0'.repeat(64)}' where run_id = $1`],
    ['size', 'update pack_artifacts.artifacts set size = 7 where run_id = $1'],
    ['media type', "update pack_artifacts.artifacts set media_type = 'text/html' where run_id = $1"],
    ['existence', 'delete from pack_artifacts.artifacts where run_id = $1'],
  ];

  it.each(isNight ? ARTIFACTS : ARTIFACTS.slice(3))(
    'cannot have the %s of an artifact altered after the seal',
    async (_what, statement) => {
      const { run, uuid } = await admin.sealedRun();
      const { body } = await ada.ask('GET', `/api/runs/${run}/artifacts`);
      const [{ artifactId, digest }] = body['items'] as [{ artifactId: string; digest: string }];
      expect((await sql.query(statement, [uuid])).rowCount).toBe(1);
      for (const route of ['steps/a', 'artifacts', `artifacts/${artifactId}`]) {
        const answer = await ada.ask('GET', `/api/runs/${run}/${route}`);
        expect([route, answer.status, answer.body['code']]).toEqual([route, 409, 'DOCUMENT_ALTERED']);
      }
      const shown = await ada.ask('GET', `/api/runs/${run}/steps`);
      expect(shown).toMatchObject({ status: 200, body: { items: [{ id: 'a', artifacts: [] }] } });
      expect(await ada.summary(run)).toMatchObject({ status: 'succeeded', error: { code: 'DOCUMENT_ALTERED' } });
      // Other files make a backup of this stack, which reports an object that is lost.
      await sql.query('update pack_artifacts.artifacts set digest = $2 where run_id = $1', [uuid, digest]);
    },
  );

  const LINE = `update pack_run_logs.chunks c set data = decode(replace(encode(c.data, 'hex'), encode('said', 'hex'), encode('evil', 'hex')), 'hex')
    from pack_run_logs.chunks o where c.run_id = $1 and o.run_id = c.run_id and o.step = c.step and o.chunk = c.chunk
    returning encode(sha256(o.data), 'hex') as good, encode(sha256(c.data), 'hex') as evil`;

  it('cannot have a log line altered after the seal', async () => {
    const { run, uuid } = await admin.sealedRun();
    expect((await sql.query(LINE, [uuid])).rowCount).toBe(1);
    for (const query of ['', '?follow=false', '?limit=10', '?tail=1', '?q=evil']) {
      const answer = await ada.ask('GET', `/api/runs/${run}/logs${query}`);
      expect([query, answer.status, answer.body['code']]).toEqual([query, 409, 'DOCUMENT_ALTERED']);
    }
  });

  it('cannot have a log line altered while the run waits', async () => {
    const { run, uuid } = await admin.waiting(separately(`${NOISY}${STEPS}`, OWNERS));
    expect((await sql.query(LINE, [uuid])).rowCount).toBe(1);
    const answer = await ada.ask('GET', `/api/runs/${run}/logs`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
    expect(await ada.summary(run)).toMatchObject({ status: 'halted', error: { code: 'DOCUMENT_ALTERED' } });
  });

  it('cannot have a log line altered with the journal after the seal', async () => {
    const { run, uuid } = await admin.sealedRun();
    const { rows } = await sql.query<{ good: string; evil: string }>(LINE, [uuid]);
    const [{ good, evil }] = rows as [{ good: string; evil: string }];
    const stored = await admin.pagesOf(uuid);
    const page = stored.find(({ texts }) => texts.entries.includes(good)) as Stored;
    const entries = page.texts.entries.replace(good, evil);
    await admin.writePage(uuid, page.first_seq, packedPage({ ...page.texts, entries }));
    expect((await ada.ask('GET', `/api/runs/${run}/logs`)).body['code']).toBe('DOCUMENT_ALTERED');
  });
});
