import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import type { Random } from '@taskrunner/core/testing';
import type { Deed } from './scenario';
import type { Process, VirtualTime } from './virtual-time';

/** One execution as the outside world saw it. */
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
  /** That were written. */
  lines: number;
}

interface Child {
  readonly effect: Effect;
  /** Told when it is over, and why. */
  readonly over: (how: 'done' | 'stopped' | 'killed') => void;
  how: 'done' | 'stopped' | 'killed' | null;
}

/** Told of every execution that begins, before it does anything. */
export type OnEffect = (effect: Effect, others: Iterable<Effect>) => void;

/** All executions that there ever were: the effect log that a run cannot write. */
export class EffectLog {
  readonly effects: Effect[] = [];

  constructor(private readonly onEffect: OnEffect) {}

  begin(effect: Effect): void {
    this.onEffect(effect, this.effects);
    this.effects.push(effect);
  }
}

/**
 * The children of one worker, with the supervisor that kills them: at its deadline, when its worker ends, when it is closed. It is
 * a process of its own: a worker that stands still does not stop it.
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
    /** What a child takes at most to stop, milliseconds. */
    private readonly graceMs: number,
    /** Results are more than a page of the journal takes. */
    private readonly large = false,
  ) {}

  /** All die at this time, unless a later one is named before. */
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

  /** In the worker: it hears of its child when it runs itself. */
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

/** What no database takes; see `REFUSED_TEXT`. */
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

/** The executors of a worker: what is pure runs in the driver, time is asked for, the rest are children. */
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
