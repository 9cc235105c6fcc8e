import { MemoryWorld } from '../../../testing/memory/memory-world';
import { aBlock, aPlan, aRunNode, testDefaults, testRules } from '../../../testing/random/random-plan';
import { factsOf } from '../../evidence/records/run-facts';
import { stepRecords } from '../../evidence/records/step-records';
import { indexPlan } from '../../plan/plan-index';
import { sha256 } from '../../canonical/digest';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { RunDriver } from './drive-run';

// A `once` step that was killed, or whose worker was lost, is attested with an unknown effect.

class Hanging extends Executor {
  readonly uses = 'builtin:command';
  readonly started: Promise<void>;
  private begin: () => void = () => undefined;

  constructor(private readonly whenStopped: Outcome | null) {
    super();
    this.started = new Promise((resolve) => (this.begin = resolve));
  }

  execute({ signal }: ExecutionRequest): Promise<Outcome> {
    this.begin();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => this.whenStopped && resolve(this.whenStopped));
    });
  }
}

const cancel = { type: 'run.cancel-requested', by: { iss: 'i', sub: 'ada' }, reason: 'test', force: false } as const;
const plan = aPlan(aBlock([aRunNode('act', { uses: 'builtin:command', effects: 'once' })]));

it.each<[string, Outcome | null, boolean, boolean]>([
  ['it was killed', { kind: 'stopped', unknown: true }, true, false],
  ['its worker was lost while it was being stopped', null, true, true],
  ['its worker was lost, and the run is cancelled', null, false, true],
])('the outcome is unknown where %s', async (_, whenStopped, cancelFirst, lost) => {
  const world = new MemoryWorld();
  const run = world.submit(plan);
  const hanging = new Hanging(whenStopped);
  const driver = await RunDriver.open(world.dependencies([hanging]), world.claim(run));
  if (typeof driver === 'string') throw new Error('halted');
  const driven = driver.drive();
  await hanging.started;
  if (cancelFirst) {
    world.post(run, cancel);
    driver.inboxChanged();
  }
  if (lost) {
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    const next = await RunDriver.open(world.dependencies([hanging]), world.claim(run, true));
    if (typeof next === 'string') throw new Error(world.run(run).halted ?? '');
    if (!cancelFirst) world.post(run, cancel);
    expect(await next.drive()).toBe('ended');
  } else expect(await driven).toBe('ended');
  driver.handOver();
  expect(world.run(run).status).toBe('cancelled');
  const index = indexPlan(plan, world.run(run).claimed.planHash, testDefaults, testRules);
  expect(stepRecords(index, factsOf(world.pages.get(run) ?? []))).toMatchObject([
    { id: 'act', status: 'cancelled', outcome: 'unknown' },
  ]);
});

/** Reports its tool, prints a line some turns of the event loop later, and succeeds. */
class Short extends Executor {
  readonly uses = 'builtin:command';

  async execute({ step, execution }: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    report.fact({ type: 'tool.resolved', step, execution, path: '/usr/bin/echo', digest: sha256('echo') });
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    await report.output('stdout', new TextEncoder().encode('hello\n'));
    return { kind: 'succeeded', outputs: {} };
  }
}

it.each([
  ['idempotent', ['tool.resolved log attempt.succeeded']],
  ['once', ['tool.resolved', 'log attempt.succeeded']],
] as const)('a short %s command is stored in these pages after its start', async (effects, expected) => {
  const world = new MemoryWorld();
  const run = world.submit(aPlan(aBlock([aRunNode('act', { uses: 'builtin:command', effects })])));
  const driver = await RunDriver.open(world.dependencies([new Short()]), world.claim(run));
  if (typeof driver === 'string') throw new Error('halted');
  expect(await driver.drive()).toBe('ended');
  const reported = new Set(['tool.resolved', 'log', 'attempt.succeeded']);
  const pages = (world.pages.get(run) ?? []).map(({ entries }) =>
    entries.flatMap(({ event }) => (reported.has(event.type) ? [event.type] : [])).join(' '),
  );
  expect(pages.filter((page) => page !== '')).toEqual(expected);
});
