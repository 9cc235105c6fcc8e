import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clock, type ClaimedRun, type Executor, type Outcome, type RunNode } from '@taskrunner/core';
import { EgressProxy } from '../egress/egress-proxy';
import { FileObjectStore } from '../object-store/file-object-store';
import { collect } from '../sandbox/collector';
import { readOutputs } from '../sandbox/outputs-file';
import { probeSandbox } from '../sandbox/probe';
import { Supervisor } from '../sandbox/supervisor';
import { Workspace } from '../sandbox/workspace';
import { builtinExecutors } from './builtin-executors';
import type { SandboxHands } from './sandbox-hands';
import { NO_BUNDLES, aRequest, aRun, Report, tenant } from './testing/requests';

class FixedClock extends Clock {
  now(): number {
    return 0;
  }
}

const LIMITS = { connections: 8, attempts: 50, headerBytes: 16_384, idleMs: 20_000, dialMs: 5_000, drainMs: 1_000, bytes: 1_000_000 }; // prettier-ignore
const DECLARED = [{ url: 'https://api.test', intent: null }];

describe('the way out of a sandboxed step', () => {
  let folder: string;
  let supervisor: Supervisor;
  let objects: FileObjectStore;
  let proxy: EgressProxy;
  let command: Executor | null = null;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'steps-egress-'));
    await mkdir(join(folder, 'work'));
    supervisor = Supervisor.start();
    objects = await FileObjectStore.open(join(folder, 'objects'));
    proxy = new EgressProxy({ limits: LIMITS, resolvers: [], platform: [] });
    const profile = 'bwrap-open/v1';
    const { sandbox, reason } = await probeSandbox({ profile, supervisor, stubFolder: join(folder, 'etc') });
    if (sandbox === null && process.env['CI'] === 'true') throw new Error(reason ?? '');
    if (sandbox === null) return console.warn(`skipped: ${reason}`);
    const hands: SandboxHands = { sandbox, supervisor, createWorkspace: (options) => Workspace.create(options), readOutputs, collect }; // prettier-ignore
    const options = {
      clock: new FixedClock(),
      objects,
      hands,
      egress: proxy,
      interpreters: [],
      bundles: NO_BUNDLES,
      artifactMaxBytes: 1,
    };
    command = builtinExecutors({ ...options, workDirectory: join(folder, 'work') }).get('builtin:command') ?? null;
  });
  afterAll(async () => {
    await supervisor.close();
    await proxy.close();
    await rm(folder, { recursive: true });
  });

  const test = (name: string, body: (executor: Executor) => Promise<void>): void =>
    it(name, async () => (command === null ? undefined : body(command)));

  async function perform(executor: Executor, argv: string[], node: Partial<RunNode>, report = new Report()) {
    const run = aRun();
    const { defaults } = JSON.parse(run.profile) as { defaults: object };
    const egress = [{ scheme: 'https', host: 'api.test', port: 443, cidr: null }];
    const admitted = { ...run, plan: '{"sandbox":{"egressAllowlist":null}}', profile: JSON.stringify({ defaults, egress }) } as ClaimedRun; // prettier-ignore
    const outcome: Outcome = await executor.execute(aRequest({ command: argv }, { run: admitted }, { with: {}, ...node }), report); // prettier-ignore
    return { outcome, report };
  }

  test('is opened for a step that declares a destination, and its log is kept', async (executor) => {
    const { outcome, report } = await perform(executor, ['true'], { egress: DECLARED });
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    const [closed] = report.of('egress.closed');
    expect(closed).toMatchObject({ allowed: 0, denied: 0, execution: 3 });
    let text = '';
    for await (const part of await objects.open(tenant, closed?.log as never)) text += Buffer.from(part).toString();
    expect(JSON.parse(text)).toEqual({
      schema: 'taskrunner.egress.v1',
      rules: [{ scheme: 'https', host: 'api.test', port: 443 }],
    });
  });

  test('is not there for one that declares none', async (executor) => {
    const { outcome, report } = await perform(executor, ['true'], {});
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(report.of('egress.closed')).toEqual([]);
  });

  test('that is lost ends the child, and leaves no outcome', async (executor) => {
    const report = new Report();
    const output = report.output.bind(report);
    report.output = async (stream, bytes) => {
      await output(stream, bytes);
      process.kill(proxy.pid as number, 'SIGKILL');
    };
    const { outcome } = await perform(executor, ['sh', '-c', 'echo begun; sleep 600'], { egress: DECLARED }, report);
    expect(outcome).toEqual({ kind: 'lost', reason: 'EGRESS_LOST' });
    // What is known is kept all the same.
    expect(report.of('egress.closed')).toHaveLength(1);
    expect((await perform(executor, ['true'], { egress: DECLARED })).outcome).toMatchObject({ kind: 'succeeded' });
  });
});
