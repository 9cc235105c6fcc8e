import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { readTar } from '@taskrunner/infrastructure/archive';
import { adminUrlOf } from './stack/replicas';
import { Caller, pack, ROOT, startStack, type DevStack } from './stack/stack';
import { NODE_ENVIRONMENT } from './stack/node-environment';

// Steps that print concurrently, so that their lines interleave in the run's numbers.
const PRINTING = pack(
  `- id: both
  parallel:
    steps:
${['left', 'right']
  .map(
    (side) => `      - id: ${side}
        run: { uses: "builtin:script", with: { interpreter: [sh], source: "for n in 1 2 3 4 5 6 7 8; do echo ${side} $n é; echo warn $n >&2; sleep 0.1; done" } }`,
  )
  .join('\n')}
- { id: last, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo last" } } }`,
);
const DAY_MS = 86_400_000;

describe('a sealed run', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let admin: Client;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-retention-'));
    stack = await startStack(folder, {
      configuration: { retention: { journal: '2d', runs: '4d', evidence: '6d' } },
    });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    admin = new Client({ connectionString: adminUrlOf(stack) });
    admin.on('error', () => undefined);
    await admin.connect();
  }, 120_000);

  afterAll(async () => {
    await admin?.end();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** The raw log from a line on. */
  async function log(run: string, accept: string, after?: number): Promise<string> {
    const path = `/api/runs/${run}/logs${after === undefined ? '' : `?after=${after}`}`;
    // Heartbeats are not part of the log.
    return (await (await ada.raw('GET', path, undefined, { accept })).text()).replace(/^: at .*\n\n/gm, '');
  }

  const taskrunner = (...args: readonly string[]) =>
    stack.taskrunner(args, { TASKRUNNER_CONFIG: stack.configurationPath });

  /** The exit status of a `taskrunner` process. */
  function statusOf(...args: readonly string[]): number | null {
    const env = { ...NODE_ENVIRONMENT, TASKRUNNER_CONFIG: stack.configurationPath };
    return spawnSync(process.execPath, [join(ROOT, 'apps/cli/bin/taskrunner.js'), ...args], { env }).status;
  }

  /**
   * Runs `taskrunner maintain` as if this number of days had passed. Only this command uses that time, because a worker could not go back
   * afterwards.
   */
  async function maintainIn(days: number): Promise<object> {
    const now = `create or replace function pack_runs.now_ms() returns bigint language sql volatile as`;
    const real = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint';
    const isUpkeep = `current_setting('application_name') = 'taskrunner maintain'`;
    await admin.query(`${now} $$ select ${real} + case when ${isUpkeep} then ${days * DAY_MS} else 0 end $$`);
    const { status, stdout, stderr } = await taskrunner('maintain', '--output', 'json');
    await admin.query(`${now} $$ select ${real} $$`);
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as object;
  }

  it('is read from its archive when its rows are gone: the same bytes, live, resumed and afterwards; then it goes, its evidence last', async () => {
    const run = await ada.submit(PRINTING);
    const live = await log(run, 'text/event-stream');
    const { status, lastLine } = await ada.until(run, ['succeeded', 'failed']);
    expect([status, Number(lastLine)]).toEqual(['succeeded', 33]);
    const bundle = await ada.sealed(run);
    const ndjson = await log(run, 'application/x-ndjson');
    const page = async (query: string) => (await ada.ask('GET', `/api/runs/${run}/logs?${query}`)).body;
    const queries = ['q=%C3%89&limit=3', 'before=20&limit=9&level=warn', 'after=5&limit=4', 'q=2&step=both', 'q=none'];
    const pages = await Promise.all(queries.map(page));
    expect(pages[0]).toMatchObject({ total: 16, searchedFrom: 1, searchedTo: 33 });
    expect(live.match(/^id: /gm)).toHaveLength(34);

    expect(await maintainIn(1)).toMatchObject({ runs: 0 });
    // Partitions of the day before may be dropped: the database of this spec may have been made before midnight.
    for (const table of ['journal', 'chunks'])
      expect((await admin.query(`select from pack_run_logs.${table}`)).rowCount).toBeGreaterThan(0);
    // A run that is not sealed yet keeps the partition of the day on which both were created.
    const open = await ada.submit(pack(`- { id: nap, run: { uses: "builtin:wait", with: { for: 1h } } }`));
    await ada.until(open, ['waiting']);
    expect(await maintainIn(3)).toMatchObject({ dropped: 3, kept: [expect.objectContaining({ runs: 1 })] });
    await ada.ask('POST', `/api/runs/${open}/cancel`, { reason: 'enough' });
    await ada.sealed(open);
    // Yesterday's partitions were removed before, today's are removed now.
    expect(await maintainIn(3)).toMatchObject({ kept: [], runs: 0, evidence: 0 });
    for (const table of ['journal', 'chunks', 'places'])
      expect((await admin.query(`select from pack_run_logs.${table}`)).rowCount).toBe(0);

    expect(await log(run, 'text/event-stream')).toBe(live);
    expect(await log(run, 'application/x-ndjson')).toBe(ndjson);
    expect(await Promise.all(queries.map(page))).toEqual(pages);
    const resumedAt = 13;
    const begun = live.slice(0, live.indexOf(`id: ${resumedAt + 1}\n`));
    const resumed = (await log(run, 'text/event-stream', resumedAt)).replace(/^retry: 1000\n\n/, '');
    expect(begun + resumed).toBe(live);

    // The archive refers to the file that the bundle's signed manifest lists.
    const files = await readTar(pieces(bundle), { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 });
    const manifest = JSON.parse(new TextDecoder().decode(files.get('MANIFEST.json'))) as {
      files: { path: string; sha256: string }[];
    };
    const { rows } = await admin.query<{ digest: string; offset: string; size: string }>(
      `select 'sha256:' || encode(journal_sha256, 'hex') as digest, journal_offset as offset, journal_size as size
       from pack_artifacts.archives a join pack_artifacts.attestations t using (tenant_id, run_id) where t.bundle_size = $1`,
      [bundle.length],
    );
    const { digest, offset, size } = rows[0] ?? { digest: '', offset: 0, size: 0 };
    expect(digest).toBe(manifest.files.find(({ path }) => path === 'journal.ndjson')?.sha256);
    const archived = bundle.subarray(Number(offset), Number(offset) + Number(size));
    expect(Buffer.compare(archived, files.get('journal.ndjson') ?? Buffer.alloc(0))).toBe(0);

    const tenant = (await admin.query<{ tenant_id: string }>('select tenant_id from pack_runs.runs limit 1')).rows[0];
    const of = ['--tenant', tenant?.tenant_id ?? ''];
    expect(await taskrunner('maintain', 'hold', run, ...of, '--reason', 'case 7')).toMatchObject({ status: 0 });
    // Without subscribers, announcements are deleted within a minute. Runs stay while announcements exist.
    await admin.query('delete from pack_runs.outbox');
    expect(await maintainIn(5)).toMatchObject({ runs: 1, evidence: 0 });
    expect((await ada.ask('GET', `/api/runs/${run}`)).status).toBe(200);
    expect((await ada.ask('GET', `/api/runs/${open}`)).status).toBe(404);
    expect(statusOf('maintain', 'release', run, ...of)).toBe(0);
    expect(await taskrunner('maintain', 'release', run, ...of)).toMatchObject({ status: 4 });
    expect(await maintainIn(5)).toMatchObject({ runs: 1, evidence: 0 });
    expect((await ada.ask('GET', `/api/runs/${run}`)).status).toBe(404);
    expect((await ada.raw('GET', `/api/runs/${run}/evidence`)).status).toBe(200);
    expect(await maintainIn(7)).toMatchObject({ runs: 0, evidence: 2 });
    expect((await ada.raw('GET', `/api/runs/${run}/evidence`)).status).toBe(404);
  }, 300_000);
});

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
