import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bodyOf, createClient, type TaskRunnerClient } from '@taskrunner/client';
import { installation, type Installation } from '@taskrunner/infrastructure/testing/installation';
import { smallInstallation, type Running, type SmallInstallation } from '../testing/small-installation';

// A small installation with many runs in every state moves to a database server: `import.long-spec.ts` has the refusals.

const RUNS = { succeeded: 40, failed: 5, gated: 20, sleeping: 20, retrying: 15 };
type Kind = keyof typeof RUNS;
/** Longer than the way to the moment when the old process is stopped. */
const SLEEP = '4m';
/** Commands that verify at the same time. */
const AT_ONCE = 4;

const command = (text: string) => `{ uses: "builtin:command", with: { command: [sh, -c, ${JSON.stringify(text)}] } }`;
const pack = (kind: Kind, steps: string) => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: ${kind}, version: 1.0.0, description: For a test. }
spec:
  approvals: [ { id: owners, grants: ["role:lead"], minApprovals: 1 } ]
  steps:
    - { id: before, effects: idempotent, run: ${command('echo before')} }
${steps}`;

/** Each run that goes on writes a line to `applied`, once. */
const packsIn = (folder: string): Readonly<Record<Kind, string>> => {
  const apply = (needs: string) =>
    `    - { id: apply, needs: [${needs}], effects: once, run: ${command(`echo $TASKRUNNER_RUN_ID >>${folder}/applied`)} }\n`;
  return {
    succeeded: pack('succeeded', `    - { id: apply, effects: idempotent, run: ${command('echo applied')} }\n`),
    failed: pack('failed', `    - { id: apply, effects: idempotent, run: ${command('exit 78')} }\n`),
    gated: pack('gated', `    - { id: ask, gate: { approval: owners, message: "Go on?" } }\n${apply('ask')}`),
    sleeping: pack(
      'sleeping',
      `    - { id: sleep, run: { uses: "builtin:wait", with: { for: ${SLEEP} } } }\n${apply('sleep')}`,
    ),
    retrying: pack(
      'retrying',
      `    - id: try
      effects: idempotent
      retries: { maxAttempts: 100, backoff: 10s, factor: 1 }
      run: ${command(`test -e ${folder}/moved || exit 75`)}\n${apply('try')}`,
    ),
  };
};

let small: SmallInstallation;
let target: Installation;
const running: Running[] = [];

beforeAll(async () => {
  [small, target] = await Promise.all([smallInstallation(), installation()]);
}, 600_000);
afterAll(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
  await Promise.all([small?.remove(), target?.remove()]);
}, 600_000);

const serve = async (config: string) => {
  const started = await small.serve(config);
  running.push(started);
  const as = (person: string) => createClient({ server: started.url, token: async () => small.tokenOf(person) });
  return { ...started, ada: as('ada'), grace: as('grace') };
};

/** The status of the step that follows `before`. */
async function statusOf({ api }: TaskRunnerClient, runId: string): Promise<string> {
  const { items } = await bodyOf(api.GET('/api/runs/{runId}/steps', { params: { path: { runId } } }));
  return items.find(({ id }) => id !== 'before' && id !== 'apply')?.status ?? 'none';
}

/** Waits for the evidence of a run, and keeps it in a file. Returns the digest of its bytes. */
async function evidenceOf(client: TaskRunnerClient, runId: string): Promise<string> {
  const { stream } = await client.evidence(runId, { giveUpAfterMs: 300_000 });
  const bytes = Buffer.from(await new Response(stream).arrayBuffer());
  writeFileSync(join(small.folder, `${runId}.tar`), bytes);
  return createHash('sha256').update(bytes).digest('hex');
}

/** Exit codes of `taskrunner verify` for these runs. */
async function verified(runs: readonly string[]): Promise<readonly (number | null)[]> {
  const exits: (number | null)[] = [];
  for (let from = 0; from < runs.length; from += AT_ONCE) {
    const ended = runs
      .slice(from, from + AT_ONCE)
      .map((run) => small.taskrunner('verify', `${run}.tar`, '--trust', small.trust, '--expect', `run=${run}`));
    exits.push(...(await Promise.all(ended)).map(({ exit }) => exit));
  }
  return exits;
}

describe('taskrunner maintain import of many runs', () => {
  it('ends every run on the server, each effect once, and every bundle has the bytes that it had', async () => {
    const worker = { lease: '15s', claimInterval: '50ms', drain: '30s' };
    const folder = small.configured('folder.json', { worker });
    const server = small.configured('server.json', {
      worker,
      database: {
        ...{ webUrl: target.urlOf('web'), workerUrl: target.urlOf('worker'), maintainUrl: target.urlOf('maintain') },
        ...{ poolSize: 4, allowUnsafe: true },
      },
      artifacts: { root: join(small.folder, 'server-objects') },
    });
    const first = await serve(folder);
    const packs = packsIn(small.folder);
    const runs = { succeeded: [], failed: [], gated: [], sleeping: [], retrying: [] } as Record<Kind, string[]>;
    // Those that sleep come last, so that they still sleep at the end.
    for (const kind of ['succeeded', 'failed', 'gated', 'retrying', 'sleeping'] as const)
      for (let i = 0; i < RUNS[kind]; i++) runs[kind].push((await first.ada.submit({ manifest: packs[kind] })).runId);
    const bundles = new Map<string, string>();
    for (const kind of ['succeeded', 'failed'] as const)
      for (const run of runs[kind]) {
        expect((await first.ada.wait(run)).status).toBe(kind);
        bundles.set(run, await evidenceOf(first.ada, run));
      }
    for (const run of runs.gated) await first.ada.wait(run, { for: 'attention' });
    for (const run of [...runs.sleeping, ...runs.retrying])
      while ((await statusOf(first.ada, run)) === 'pending') await delay(100);
    const asleep = await Promise.all(runs.sleeping.map((run) => statusOf(first.ada, run)));
    expect(asleep).not.toContain('succeeded');
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    const [importBegan, objects] = [Date.now(), join(small.folder, 'objects')];
    const imported = await small.taskrunner(
      ...['maintain', 'import', '--from', small.storage, '--objects', objects, '--config', server],
    );
    expect([imported.exit, imported.err]).toEqual([0, '']);
    expect(imported.out).toContain(`runs that continue: ${RUNS.gated + RUNS.sleeping + RUNS.retrying}\n`);
    const importMs = Date.now() - importBegan;

    writeFileSync(join(small.folder, 'moved'), '');
    const second = await serve(server);
    for (const run of runs.gated)
      await second.grace.approve(await second.grace.gate(run, 'ask'), { reason: 'read it' });
    const going = [...runs.gated, ...runs.sleeping, ...runs.retrying];
    for (const run of going) {
      expect((await second.ada.wait(run)).status).toBe('succeeded');
      await evidenceOf(second.ada, run);
    }
    for (const [run, digest] of bundles) expect(await evidenceOf(second.ada, run)).toBe(digest);
    const applied = readFileSync(join(small.folder, 'applied'), 'utf8').trim().split('\n');
    expect(applied.sort()).toEqual([...going].sort());
    const all = [...bundles.keys(), ...going];
    expect(await verified(all)).toEqual(all.map(() => 0));
    process.stderr.write(`${JSON.stringify({ ...RUNS, importMs, imported: imported.out.split('\n')[0] })}\n`);
  }, 1_800_000);
});
