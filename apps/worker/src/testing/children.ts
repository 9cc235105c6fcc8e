import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import type { Random } from '@taskrunner/core/testing';
import type { Deed } from './scenario';
import type { Process, VirtualTime } from './virtual-time';

/** One execution as observed from outside. */
export interface Effect {
  readonly worker: string;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly execution: number;
  readonly effects: string;
  readonly key: string;
  readonly from: number;
  until: number | null;
  /** Lines that were written. */
  lines: number;
}

interface Child {
  readonly effect: Effect;
  /** Called when it is over, with the reason. */
  readonly over: (how: 'done' | 'stopped' | 'killed') => void;
  how: 'done' | 'stopped' | 'killed' | null;
}

/** Called for every execution that begins, before it does anything. */
export type OnEffect = (effect: Effect, others: Iterable<Effect>) => void;

/** All executions so far: a log of effects that a run cannot write. */
export class EffectLog {
  readonly effects: Effect[] = [];

  constructor(private readonly onEffect: OnEffect) {}

  begin(effect: Effect): void {
    this.onEffect(effect, this.effects);
    this.effects.push(effect);
  }
}

/**
 * The child processes of one worker with the supervisor that kills them: at its deadline, when its worker ends, or when it is closed. It is
 * a separate process, so a worker that hangs does not stop it.
 */
export class Children {
  private readonly live = new Set<Child>();
  private deadline = Infinity;
  private closed = false;

  constructor(
    private readonly worker: Process,
    private readonly time: VirtualTime,
    private readonly random: Random,
    private readonly log: EffectLog,
    private readonly withoutDeadline: boolean,
    /** Maximum time that a child takes to stop, milliseconds. */
    private readonly graceMs: number,
    /** True if results are too large for a page of the journal. */
    private readonly large = false,
  ) {}

  /** All children are killed at this time, unless a later one is set before. */
  renew(until: number): void {
    this.deadline = until;
    if (this.withoutDeadline) return;
    this.time.after(until - this.time.now, () => (this.deadline === until ? this.killAll() : undefined), null);
  }

  killAll(): void {
    for (const child of [...this.live]) this.end(child, 'killed');
  }

  close(): void {
    this.closed = true;
    this.killAll();
  }

  async execute(request: ExecutionRequest, report: ExecutionReport, poison: () => void): Promise<Outcome> {
    const deed = request.with as unknown as Deed;
    const late = this.deadline <= this.time.now && !this.withoutDeadline;
    if (this.closed || late) return { kind: 'lost', reason: 'NO_SUPERVISOR' };
    const child = this.start(request);
    const stop = (): void =>
      void this.time.after(this.random.int(1, this.graceMs), () => this.end(child, 'stopped'), null);
    request.signal.addEventListener('abort', stop);
    if (deed.poison) this.time.after(deed.ms, () => (child.how === null ? poison() : undefined), null);
    const pause = deed.ms / (deed.lines + 1);
    for (let line = 0; line < deed.lines && child.how === null; line++) {
      await this.sleep(pause);
      if (child.how !== null) break;
      child.effect.lines++;
      await report.line('info', `${request.step} ${request.execution} ${line}`);
    }
    await this.sleep(pause);
    this.end(child, 'done');
    const outcome = outcomeOf(request, deed, child.how);
    return this.large && outcome.kind === 'succeeded'
      ? { ...outcome, outputs: { ...(outcome.outputs as object), large: LARGE } }
      : outcome;
  }

  private start({ run, step, attempt, execution, key, node }: ExecutionRequest): Child {
    const { worker, time } = this;
    const effect: Effect = {
      ...{ worker: worker.name, run: run.runId, step, attempt, execution, effects: node.effects, key },
      ...{ from: time.now, until: null, lines: 0 },
    };
    this.log.begin(effect);
    const child: Child = { effect, over: () => undefined, how: null };
    this.live.add(child);
    return child;
  }

  private end(child: Child, how: 'done' | 'stopped' | 'killed'): void {
    if (!this.live.delete(child)) return;
    child.how = how;
    child.effect.until = this.time.now;
  }

  /** In the worker, which learns of its child when it runs again itself. */
  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.time.after(ms, resolve, this.worker));
  }
}

function outcomeOf({ attempt, node, with: parameters }: ExecutionRequest, deed: Deed, how: Child['how']): Outcome {
  if (how === 'killed') return { kind: 'lost', reason: 'KILLED' };
  if (how === 'stopped') return { kind: 'stopped', unknown: node.effects === 'once' };
  if (attempt <= deed.failures)
    return { kind: 'failed', code: 'EXIT_1', message: 'it fails first', retryable: true, exitCode: 1 };
  return { kind: 'succeeded', outputs: deed.refused ? { text: REFUSED_OUTPUT } : { ...parameters } };
}

/** Text that no database accepts; see `REFUSED_TEXT`. */
export const REFUSED_OUTPUT = 'refused by the database';

/** More than `INLINE_BYTES`. */
const LARGE = 'x'.repeat(70_000);

class HarnessExecutor extends Executor {
  constructor(
    readonly uses: string,
    private readonly act: (request: ExecutionRequest, report: ExecutionReport) => Promise<Outcome>,
  ) {
    super();
  }
  execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    return this.act(request, report);
  }
}

/** The executors of a worker: pure steps run in the driver, waits are timers, other steps are child processes. */
export function executorsOf(children: Children, poison: () => void): ReadonlyMap<string, Executor> {
  const executors = [
    new HarnessExecutor('builtin:noop', async (request) => ({ kind: 'succeeded', outputs: request.with })),
    new HarnessExecutor('builtin:wait', async (request) => ({
      kind: 'deferred',
      forMs: Number(request.with['ms']),
    })),
    new HarnessExecutor('builtin:command', (request, report) => children.execute(request, report, poison)),
  ];
  return new Map(executors.map((executor) => [executor.uses, executor]));
}
