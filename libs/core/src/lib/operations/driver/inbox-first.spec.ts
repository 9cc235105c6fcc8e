import { digestOf } from '../../canonical/digest';
import { PAYLOAD_TYPE, type ResolutionRecord } from '../../evidence/records/documents';
import type { Json } from '../../foundation/json';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import { packText, planned } from '../../../testing/planning';
import type { RunId } from '../../foundation/ids';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { RunDriver } from './drive-run';

// An answered decision counts (ADR 36): an inbox message that precedes a commit is in the journal before anything that the commit
// would have decided without it.

class Ending extends Executor {
  readonly uses = 'builtin:command';
  readonly calls: string[] = [];
  constructor(private readonly failing: readonly string[]) {
    super();
  }
  async execute({ step }: ExecutionRequest): Promise<Outcome> {
    this.calls.push(step);
    if (!this.failing.includes(step)) return { kind: 'succeeded', outputs: {} };
    // The gate beside it opens first.
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    return { kind: 'failed', code: 'EXIT_1', message: 'no', retryable: false, exitCode: 1 };
  }
}

const act = '{ id: act, effects: once, run: { uses: "builtin:command", with: { command: [x] } } }';

const CANCEL = { type: 'run.cancel-requested', by: { iss: 'i', sub: 'ada' }, reason: 'late', force: false } as const;

async function drive(world: MemoryWorld, run: RunId, failing: readonly string[] = []): Promise<void> {
  const driver = await RunDriver.open(world.dependencies([new Ending(failing)]), world.claim(run));
  if (typeof driver === 'string') throw new Error(world.run(run).halted ?? 'halted');
  expect(await driver.drive()).toBe('ended');
}

const reported = (world: MemoryWorld, run: RunId) =>
  (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event));

it('a run that was asked to cancel does not end succeeded, however late that was', async () => {
  const world = new MemoryWorld();
  const run = world.submit(planned(packText(`- ${act}`)).plan);
  let asked = false;
  world.beforeCommit = ({ run: change }) => {
    if (asked || change.status !== 'succeeded') return;
    asked = true;
    world.post(run, CANCEL);
  };
  await drive(world, run);
  expect(asked).toBe(true);
  expect(world.run(run).status).toBe('cancelled');
  // The step itself succeeded, and its row says so.
  expect(world.rows.get(run)?.get('act')?.status).toBe('succeeded');
});

it('a decision counts that came before the commit by which a failure closes its gate', async () => {
  const world = new MemoryWorld();
  const steps = `- id: all\n  parallel:\n    steps:\n      - ${act}\n      - { id: ask, gate: { approval: owners } }`;
  const run = world.submit(planned(packText(steps, 'approvals: [ { id: owners } ]')).plan);
  let decided = false;
  world.beforeCommit = ({ gates }) => {
    if (decided || !gates.some(({ kind }) => kind === 'ended')) return;
    decided = true;
    world.decide(run, 'ask', 'grace');
  };
  await drive(world, run, ['act']);
  expect(decided).toBe(true);
  const events = reported(world, run);
  expect(events.filter(({ type }) => type === 'given.ignored')).toEqual([]);
  expect(events.filter((event) => event.type === 'gate.ended')).toMatchObject([{ outcome: 'approved' }]);
  expect(world.run(run).status).toBe('failed');
});

it('a decision counts that was answered before a claim finds that the run dies of itself, or may not be driven', async () => {
  const gate = 'approvals: [ { id: owners } ]';
  const steps = `- { id: ask, gate: { approval: owners } }\n- ${act}\n- { id: last, run: { uses: "builtin:noop" } }`;
  for (const code of ['POISON', 'SEALED_UNENFORCEABLE'] as const) {
    const world = new MemoryWorld();
    const run = world.submit(planned(packText(steps, gate)).plan);
    const opening = await RunDriver.open(world.dependencies([new Ending([])]), world.claim(run));
    expect(typeof opening === 'string' ? opening : await opening.drive()).toBe('parked');
    world.decide(run, 'ask', 'grace');
    if (code === 'POISON') world.run(run).crashes = 20;
    const acting = new Ending([]);
    const refusal = code === 'POISON' ? null : { code, message: 'no' };
    const next = await RunDriver.open(world.dependencies([acting]), world.claim(run), refusal);
    expect(typeof next === 'string' ? next : await next.drive()).toBe('ended');
    const events = reported(world, run);
    expect(events.filter(({ type }) => type === 'given.ignored')).toEqual([]);
    expect(events.filter((event) => event.type === 'gate.ended')).toMatchObject([{ outcome: 'approved' }]);
    // The gate's outputs may ask for what killed its process.
    const answers = events.flatMap((one) =>
      one.type === 'question.answered' && one.question === 'outputs' ? [one] : [],
    );
    expect(answers).toMatchObject([{ answer: code === 'POISON' ? { kind: 'fault', code } : { kind: 'outputs' } }]);
    expect(world.run(run).run).toMatchObject({ status: 'failed', error: { code } });
    expect(acting.calls).toEqual([]);
  }
});

it('a resolution counts that came before the commit by which the step runs out of time', async () => {
  const world = new MemoryWorld();
  const late = act.replace('effects: once,', 'effects: once, timeout: 5s,');
  const steps = `- id: all\n  parallel:\n    continueOnError: true\n    steps:\n      - ${late}\n      - { id: busy, effects: idempotent, run: { uses: "builtin:command", with: { command: [x] } } }`;
  const run = world.submit(planned(packText(steps)).plan);
  const lost = await RunDriver.open(world.dependencies([new Hanging()]), world.claim(run));
  if (typeof lost === 'string') throw new Error('halted');
  void lost.drive();
  while (world.rows.get(run)?.get('act')?.status !== 'running') await new Promise((go) => setImmediate(go));
  const next = await RunDriver.open(world.dependencies([new Hanging()]), world.claim(run, true));
  if (typeof next === 'string') throw new Error('halted');
  let resolved = false;
  world.beforeCommit = ({ steps: rows }) => {
    const said = rows.find(({ step }) => step === 'act')?.status;
    // The following commit does not park the run, because another step is busy.
    if (said === 'needs_attention') world.at += 6_000;
    if (said === 'succeeded' || (resolved && said === 'failed')) {
      world.post(run, CANCEL);
      next.inboxChanged();
    }
    if (resolved || said !== 'failed') return;
    resolved = true;
    resolve(world, run);
  };
  const driven = next.drive();
  lost.handOver();
  expect(await driven).toBe('ended');
  expect(resolved).toBe(true);
  expect(world.rows.get(run)?.get('act')).toMatchObject({ status: 'succeeded', outputs: { done: true } });
});

it('a gate whose request was asked for in the turn that cancels it does not open, and has no row', async () => {
  const world = new MemoryWorld();
  const steps = `- id: all\n  parallel:\n    maxParallel: 1\n    steps:\n      - ${act}\n      - { id: ask, gate: { approval: owners } }`;
  const run = world.submit(planned(packText(steps, 'approvals: [ { id: owners } ]')).plan);
  const lost = await RunDriver.open(world.dependencies([new Hanging()]), world.claim(run));
  if (typeof lost === 'string') throw new Error('halted');
  void lost.drive();
  while (world.rows.get(run)?.get('act')?.status !== 'running') await new Promise((go) => setImmediate(go));
  // The next owner gives the slot of the step that needs attention to the gate, and reads the cancellation in the same turn.
  const claimed = world.claim(run, true);
  world.post(run, CANCEL);
  const next = await RunDriver.open(world.dependencies([new Hanging()]), claimed);
  if (typeof next === 'string') throw new Error('halted');
  const driven = next.drive();
  lost.handOver();
  expect(await driven).toBe('ended');
  expect(reported(world, run).filter(({ type }) => type === 'gate.opened')).toEqual([]);
  // The question is not answered either: nothing waits for it.
  expect(reported(world, run).filter(({ type }) => type === 'question.answered')).toEqual([]);
  expect(world.gates.get(run)?.size ?? 0).toBe(0);
});

class Hanging extends Executor {
  readonly uses = 'builtin:command';
  async execute({ signal }: ExecutionRequest): Promise<Outcome> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return { kind: 'stopped', unknown: true };
  }
}

function resolve(world: MemoryWorld, run: RunId): void {
  const outputs = { done: true };
  const record: ResolutionRecord = {
    schema: 'taskrunner.resolution.v1',
    runId: run,
    tenant: 'acme',
    step: 'act',
    execution: 1,
    outcome: 'succeeded',
    outputsDigest: digestOf(outputs),
    person: { iss: 'https://issuer.test', sub: 'grace' },
    reason: 'it is there',
    authTime: '2026-01-01T00:00:00.000Z',
    decidedAt: '2026-01-01T00:00:01.000Z',
    proof: { kind: 'service' },
  };
  const reported = { type: 'attention.resolved', step: 'act', execution: 1, outcome: 'succeeded', outputs: null };
  const supplied = { ...reported, record: digestOf({}) } as never;
  world.post(run, supplied, world.seal('ledger', PAYLOAD_TYPE.resolution, record as unknown as Json), outputs);
}
