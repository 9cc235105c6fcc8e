import { MemoryWorld } from '../../../testing/memory/memory-world';
import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import type { Environment } from '../../plan/profile';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import type { PackTrustPolicy } from '../../publisher/pack-trust';
import type { WorkerMeans } from '../../publisher/honour';
import { RunDriver } from './drive-run';
import type { Honouring } from '../claimed-run/honouring';
import type { Refusal } from '../claimed-run/refusal';

class Acting extends Executor {
  readonly uses = 'builtin:command';
  readonly calls: string[] = [];
  async execute({ step }: ExecutionRequest): Promise<Outcome> {
    this.calls.push(step);
    return { kind: 'succeeded', outputs: {} };
  }
}

const ENGINES = { cel: 1, 'json-schema': 1 };
const trust: PackTrustPolicy = { unsigned: 'run', keys: [], rules: [], deny: [], minimumVersions: [] };

/** A run that was admitted in the memory world's environment, and a worker whose configuration was read at that time or a second later. */
async function meet(change: (environment: Environment, means: WorkerMeans) => Partial<WorkerMeans>, laterMs = 1_000) {
  const world = new MemoryWorld();
  world.engines = ENGINES;
  const command = { uses: 'builtin:command', with: { command: ['x'] } };
  const run = world.submit(
    aPlan(aBlock([aRunNode('act', command), aRunNode('tidy', { ...command, runOn: 'always' })])),
  );
  const claimed = world.claim(run);
  const environment = JSON.parse(claimed.environment) as Environment;
  const of: WorkerMeans = {
    environments: [environment],
    isolations: [environment.isolation],
    egress: [],
    packTrust: trust,
    configuredAt: world.at + laterMs,
  };
  const means = { ...of, ...change(environment, of) };
  const reported: { readonly parts: readonly string[]; readonly refusal: Refusal | null }[] = [];
  const honouring: Honouring = {
    means: () => means,
    unmet: (_run, unmet, refusal) => void reported.push({ parts: unmet.map(({ part }) => part), refusal }),
  };
  const acting = new Acting();
  const driver = await RunDriver.open(world.dependencies([acting], { honouring }), claimed);
  const driven = typeof driver === 'string' ? driver : await driver.drive();
  return { world, run, driven, reported, calls: acting.calls, row: world.run(run).run };
}

const withEngines =
  (engines: Environment['engines']) =>
  (environment: Environment): Partial<WorkerMeans> => {
    return { environments: [{ ...environment, engines }] };
  };

describe('a claimed run', () => {
  it('is driven where its environment has another digest and no part that is missing', async () => {
    const limits = { memoryMiB: 1, retryMaxAttempts: 9 };
    const met = await meet((environment) => ({ environments: [{ ...environment, limits }] }));
    expect(met).toMatchObject({ driven: 'ended', reported: [], calls: ['act', 'tidy'] });
  });

  it('is given back where a part is missing, and nothing of it is written', async () => {
    const met = await meet(withEngines({ ...ENGINES, cel: 99 }));
    expect(met).toMatchObject({ driven: 'passed', reported: [{ parts: ['engines'], refusal: null }], calls: [] });
    expect(met.world.passed).toEqual([{ runId: met.run, parts: 'engines', keep: false }]);
    expect(met.world.pages.get(met.run) ?? []).toEqual([]);
  });

  it('ends at once where its pack is not trusted any more, with nothing that cleans up', async () => {
    const met = await meet(() => ({ packTrust: { ...trust, unsigned: 'refuse' } }));
    expect(met).toMatchObject({
      driven: 'ended',
      calls: [],
      row: { status: 'failed', error: { code: 'PACK_UNSIGNED' } },
    });
    expect(met.world.passed).toEqual([]);
  });

  it('waits where it was admitted after this worker read its configuration, whatever that says', async () => {
    const met = await meet(() => ({ packTrust: { ...trust, unsigned: 'refuse' } }), 0);
    expect(met).toMatchObject({ driven: 'passed', calls: [] });
    expect(met.world.passed).toEqual([{ runId: met.run, parts: 'packTrust', keep: false }]);
  });
});
