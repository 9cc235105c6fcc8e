import type { StepId } from '../foundation/ids';
import { indexOf, isItem, itemOf, joinScope, repeatOf, ROOT, scopeOf } from '../plan/place';
import { nodeAt, parentOf, type PlanIndex } from '../plan/plan-index';
import type { Entry } from '../run/entry';
import { saysEnded } from './ended-steps';

/** How one execution of an attempt ended; null: it has not ended. */
type ExecutionEnd = 'succeeded' | 'failed' | 'stopped' | 'lost' | null;

/** One execution of an attempt. Times in milliseconds since the epoch. */
export interface ExecutionTimes {
  readonly attempt: number;
  readonly execution: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly end: ExecutionEnd;
}

type Changing = { -readonly [Name in keyof ExecutionTimes]: ExecutionTimes[Name] };

interface StepTimes {
  /** A container: when its children may first run. */
  openedAt: number | null;
  endedAt: number | null;
  /** How it ended; null: it has not ended. */
  status: string | null;
  readonly executions: Changing[];
}

/** A step and its status, as its row has them. */
interface TimedRow {
  readonly step: StepId;
  readonly status: string;
}

/**
 * A fold over the journal of a run: when steps could begin, and when each execution of their attempts began and ended. It reads times alone
 * and no values, and proves nothing: readers of a timeline use it.
 */
export class RunTimings {
  private readonly steps = new Map<StepId, StepTimes>();
  /** Number of the last entry. */
  private seq = 0;

  get lastSeq(): number {
    return this.seq;
  }

  /** Number of steps and executions that it holds: a measure of its memory. */
  get size(): number {
    return this.held;
  }
  private held = 0;

  /** Entries come in order. An entry that was taken before is ignored. */
  take({ seq, at, event }: Entry): void {
    if (seq <= this.seq) return;
    this.seq = seq;
    switch (event.type) {
      case 'run.started':
        this.of(ROOT).openedAt ??= at;
        return;
      case 'step.opened':
      case 'map.expanded':
        this.of(event.step).openedAt ??= at;
        return;
      case 'step.started': {
        this.close(event.step, at, 'lost');
        const { attempt, execution } = event;
        this.of(event.step).executions.push({ attempt, execution, startedAt: at, endedAt: null, end: null });
        this.held++;
        return;
      }
      case 'attempt.succeeded':
        return this.close(event.step, at, 'succeeded', event.execution);
      case 'attempt.failed':
        return this.close(event.step, at, 'failed', event.execution);
      case 'attempt.stopped':
        return this.close(event.step, at, event.unknown ? 'lost' : 'stopped', event.execution);
      case 'attempt.lost':
      case 'attempt.unbegun':
        return this.close(event.step, at, 'lost', event.execution);
      case 'step.retrying':
        return this.close(event.step, at, 'failed');
      case 'step.attention':
        return this.close(event.step, at, 'lost');
      case 'step.ended':
        this.close(
          event.step,
          at,
          event.status === 'succeeded' ? 'succeeded' : event.status === 'failed' ? 'failed' : 'stopped',
        );
        Object.assign(this.of(event.step), { endedAt: at, status: event.status });
        return;
      default:
        return;
    }
  }

  /** The executions of a step, in order. */
  executionsOf(step: StepId): readonly ExecutionTimes[] {
    return this.steps.get(step)?.executions ?? [];
  }

  /**
   * The time from which a step waited for nothing but a slot: its container had opened, and the steps that it waits for had ended. Null: not
   * yet.
   */
  queuedAt(index: PlanIndex, step: StepId): number | null {
    const opened = this.steps.get(parentOf(index, step))?.openedAt ?? null;
    if (opened === null) return null;
    let queued = opened;
    for (const other of before(index, step)) {
      const ended = this.steps.get(other)?.endedAt ?? null;
      if (ended === null) return null;
      queued = Math.max(queued, ended);
    }
    return queued;
  }

  /**
   * A row that says otherwise than the journal how its step ended. The rows were read before the journal. `isOver`: and after the end of the
   * run, so that a row that says that its step has not ended is compared, too.
   */
  strayOf<Row extends TimedRow>(rows: readonly Row[], isOver: boolean): Row | undefined {
    return rows.find((row) => {
      const status = this.steps.get(row.step)?.status ?? null;
      return saysEnded(row) ? status !== row.status : isOver && status !== null;
    });
  }

  private of(step: StepId): StepTimes {
    let times = this.steps.get(step);
    if (times === undefined) {
      times = { openedAt: null, endedAt: null, status: null, executions: [] };
      this.steps.set(step, times);
      this.held++;
    }
    return times;
  }

  /** The last execution ends, unless it has ended before, or is another one. */
  private close(step: StepId, at: number, end: ExecutionEnd, execution?: number): void {
    const last = this.steps.get(step)?.executions.at(-1);
    if (last === undefined || last.endedAt !== null) return;
    if (execution !== undefined && last.execution !== execution) return;
    last.endedAt = at;
    last.end = end;
  }
}

/** The steps for whose end a step waits: its needs, and of an iteration of a loop the one before. */
function before(index: PlanIndex, step: StepId): readonly StepId[] {
  const { node } = nodeAt(index, step);
  if (!isItem(step)) return node.needs.map((need) => joinScope<StepId>(scopeOf(step), need));
  return node.kind === 'loop' && indexOf(step) > 0 ? [itemOf(repeatOf(step), indexOf(step) - 1)] : [];
}
