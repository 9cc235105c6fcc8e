import type { RunId } from '../../lib/foundation/ids';
import { RunDriver, type Driven } from '../../lib/operations/driver/drive-run';
import type { Node } from '../../lib/plan/plan';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../../lib/ports/step/executor';
import { aRunNode } from '../random/random-plan';
import type { MemoryWorld, NamedExecutor } from './memory-world';

export class Scripted extends Executor {
  readonly calls: string[] = [];

  constructor(
    readonly uses: string,
    private readonly act: (request: ExecutionRequest, report: ExecutionReport) => Promise<Outcome> | Outcome,
  ) {
    super();
  }

  async execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    this.calls.push(`${request.step}#${request.execution}`);
    return this.act(request, report);
  }
}

export const noop = () => new Scripted('builtin:noop', (request) => ({ kind: 'succeeded', outputs: request.with }));
export const command = (act: (request: ExecutionRequest, report: ExecutionReport) => Promise<Outcome> | Outcome) =>
  new Scripted('builtin:command', act);
export const effect = (id: string, change: Parameters<typeof aRunNode>[1] = {}): Node =>
  aRunNode(id, { uses: 'builtin:command', effects: 'idempotent', ...change });
export const gate = (id: string, change: object = {}): Node => ({
  kind: 'gate',
  id,
  name: null,
  when: null,
  needs: [],
  stated: false,
  runOn: 'success',
  timeoutMs: null,
  workers: [],
  approval: 'owners',
  policy: null,
  with: {},
  message: 'go on?',
  show: {},
  form: null,
  ...change,
});
/** Resolves only when the driver is told to give up. */
export const untilStopped = (signal: AbortSignal): Promise<Outcome> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(ok)));
export const ok: Outcome = { kind: 'succeeded', outputs: { done: true } };

/**
 * Drivers that were opened. One that lost its run waits for input that never comes: a hand-over ends it, and so does the end of the process.
 */
export const opened: RunDriver[] = [];

/** After each test. */
export const handOverAll = (): void => opened.splice(0).forEach((driver) => driver.handOver());

/** Claims a run and drives it. */
export async function drive(
  world: MemoryWorld,
  runId: RunId,
  executors: readonly NamedExecutor[],
  crashed = false,
): Promise<Driven> {
  const driver = await RunDriver.open(world.dependencies(executors), world.claim(runId, crashed));
  if (typeof driver === 'string') return driver;
  opened.push(driver);
  return driver.drive();
}
