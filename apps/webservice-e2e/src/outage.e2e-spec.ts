import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { adminUrlOf } from './stack/replicas';
import { Caller, isAlive, pack, pause, startStack, type DevStack } from './stack/stack';

// An outage of the database for several leases: three in the suite, any duration manually (seconds). A shorter lease could expire on a busy
// machine, because children are killed two seconds before its end.
const LEASE_S = 6;
const AWAY_S = Number(process.env['TASKRUNNER_OUTAGE_SECONDS'] ?? 3 * LEASE_S);

describe('a database that is away for several leases', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let grace: Caller;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-outage-'));
    stack = await startStack(folder, {
      workers: 2, // Steps report their start by files.
      configuration: { worker: { lease: `${LEASE_S}s` }, sandbox: { profile: 'none' } },
    });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    grace = new Caller(stack.server, await stack.tokenFor('grace'));
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    if (process.env['KEEP']) return;
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** A step that records each start outside of the product. It ends when the file `goes` exists. */
  const step = (id: string, more: string): string => `- id: ${id}
  ${more}
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo $$ >> ${join(folder, id)}; echo up; i=0; while [ ! -e ${join(folder, 'goes')} ]; do sleep 0.5; done; echo down" } }`;
  const begun = (id: string): readonly number[] =>
    existsSync(join(folder, id)) ? readFileSync(join(folder, id), 'utf8').trim().split('\n').map(Number) : [];
  const assignmentStatuses = async (): Promise<readonly object[]> => {
    const client = new Client({ connectionString: adminUrlOf(stack) });
    await client.connect();
    const { rows } = await client.query<object>(
      'select run_id, owner, fence::int, crashes from pack_runs.runs order by run_id',
    );
    await client.end();
    return rows;
  };

  it('ends no process, moves no claim, kills no child twice, and loses nothing', async () => {
    const work = pack(
      `${step('slow', 'effects: idempotent')}\n- { id: after, run: { uses: "builtin:transform", with: { outputs: { x: 1 } } } }`,
    );
    const gated = pack(
      `- { id: approve, gate: { approval: owners, message: "go?" } }
- { id: apply, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo applied" } } }`,
      '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n',
    );
    const [slow, waiting] = [await ada.submit(work), await ada.submit(gated)];
    await ada.until(waiting, ['waiting']);
    await until(() => begun('slow').length > 0);
    // Both workers have renewed for a whole lease, so each may sweep.
    await pause(2_000 * LEASE_S);
    const pids = await stack.workerPids();
    const before = await assignmentStatuses();

    const bringBack = await stack.crashDatabase();
    const awayAt = Date.now();
    await pause(1_000);
    expect((await ada.ask('GET', `/api/runs/${slow}`)).status).toBe(503);
    const health = (path: string): Promise<number> =>
      fetch(`${stack.health.webservice}${path}`).then(({ status }) => status);
    expect([await health('/health/live'), await health('/health/ready')]).toEqual([200, 503]);
    await pause(AWAY_S * 1_000 - 1_000);
    // Disconnected for longer than its lease: its child is dead and is not restarted before the worker has confirmed that it still holds
    // the run.
    const [first, ...more] = begun('slow');
    expect(more).toEqual([]);
    expect(isAlive(first ?? 0)).toBe(false);
    await bringBack();
    const away = Date.now() - awayAt;

    await until(() => begun('slow').length > 1);
    const again = Date.now() - awayAt - away;
    // Long enough for a sweep, if a worker mistook the outage for the other's death.
    await pause(2_000 * LEASE_S);
    expect(await assignmentStatuses()).toEqual(before);
    expect(await stack.workerPids()).toEqual(pids);
    expect(pids.every(isAlive)).toBe(true);
    expect(begun('slow')).toHaveLength(2);
    expect(await health('/health/ready')).toBe(200);

    expect((await grace.approve(waiting, 'approve')).status).toBe(200);
    writeFileSync(join(folder, 'goes'), '');
    for (const run of [slow, waiting])
      expect((await ada.until(run, ['succeeded', 'failed']))['status']).toBe('succeeded');
    const { body } = await ada.ask('GET', `/api/runs/${slow}/steps`);
    expect(body['items']).toMatchObject([{ id: 'slow', status: 'succeeded', attempts: 1 }, { id: 'after' }]);
    const { lines } = await ada.lines(slow, { after: 0 });
    const said = lines.filter(({ data }) => data['eventType'] !== 'run.finished');
    expect(said.map(({ id }) => id)).toEqual(said.map((_, i) => i + 1));
    expect(said.map(({ data }) => data['message'])).toEqual(['up', 'up', 'down']);
    process.stdout.write(
      `database away ${(away / 1_000).toFixed(1)} s: the step began again ${(again / 1_000).toFixed(1)} s after it was back\n`,
    );
  }, 240_000);
});

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !condition(); await pause(50))
    if (Date.now() > end) throw new Error('it did not come about within a minute');
}
