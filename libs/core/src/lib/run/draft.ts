import type { StepId } from '../foundation/ids';
import { isItem, ROOT } from '../plan/place';
import type { PlanIndex } from '../plan/plan-index';
import { isBusy, shownStatus, type Ended, type StepState } from '../step/step-state';
import type { Command } from './command';
import { inheritance, soonest } from './inheritance';
import type { Derived } from './run-event';
import type { Ending, RunState } from './run-state';
import type { Signal } from './signal';

/** The mutable workplace of one `advance`; it never leaves it. */
export class Draft {
  readonly events: Derived[] = [];
  readonly commands: Command[] = [];
  readonly changed = new Map<StepId, StepState>();
  /** Steps that are not over: whether a gate that has not opened stands before them. Each is found once a turn, however many ask. */
  readonly unopened = new Map<StepId, boolean>();
  private readonly signals: Signal[] = [];
  private cursor = 0;

  constructor(
    readonly x: PlanIndex,
    private state: RunState,
    readonly at: number,
  ) {}

  get run(): RunState {
    return this.state;
  }

  patch(change: Partial<RunState>): void {
    this.state = { ...this.state, ...change };
  }

  get(step: StepId): StepState | undefined {
    return this.state.steps.get(step);
  }

  set(step: StepId, next: StepState): void {
    const before = this.get(step);
    this.state = {
      ...this.state,
      steps: this.state.steps.with(step, next),
      wakes: this.wakesWith(step, next),
      counts: this.countsWith(step, before, next),
    };
    this.changed.set(step, next);
  }

  /** The step leaves the working set; its row stays with the readers. */
  drop(step: StepId): void {
    this.state = { ...this.state, steps: this.state.steps.without(step), wakes: this.state.wakes.without(step) };
  }

  emit(event: Derived): void {
    this.events.push(event);
  }

  ask(command: Command): void {
    this.commands.push(command);
  }

  send(signal: Signal): void {
    this.signals.push(signal);
  }

  next(): Signal | undefined {
    return this.signals[this.cursor++];
  }

  /** Ends a step: state, event, and the signal to its container. What it inherits from its needs is added here. */
  end(
    step: StepId,
    how: Partial<Ended> & { readonly status: Ended['status'] },
    told: { message?: string; exitCode?: number | null; holdsSlot?: boolean } = {},
  ): void {
    const before = this.get(step);
    const inherits = inheritance(this.x, this.state.steps, step);
    const satisfied = how.satisfied ?? how.status === 'succeeded';
    const ended: Ended = {
      kind: 'ended',
      code: null,
      outputs: null,
      attempts: 0,
      by: null,
      ...how,
      satisfied,
      tainted: !satisfied || inherits.tainted,
      blocked: (how.blocked ?? false) || inherits.blocked,
      executeBy: soonest([how.executeBy ?? null, inherits.executeBy]),
    };
    this.set(step, ended);
    this.send({ type: 'ended', step, wasBusy: told.holdsSlot ?? (before !== undefined && isBusy(before)) });
    if (step === ROOT) return;
    this.emit({
      type: 'step.ended',
      step,
      status: ended.status,
      code: ended.code,
      attempts: ended.attempts,
      outputs: ended.outputs,
      message: told.message ?? null,
      exitCode: told.exitCode ?? null,
    });
  }

  /** The first reason names the outcome; a later one may only add force. */
  fall(ending: Omit<Ending, 'cleanupBy'>): void {
    const before = this.state.ending;
    const cleanupBy = this.at + (this.x.plan.timeouts.cleanupMs ?? this.x.defaults.cleanupTimeoutMs);
    this.patch({ ending: before ? { ...before, force: before.force || ending.force } : { ...ending, cleanupBy } });
    this.send({ type: 'stop', step: ROOT, cause: ending.status === 'cancelled' ? 'cancel' : 'gate' });
  }

  private wakesWith(step: StepId, next: StepState): RunState['wakes'] {
    const at = wakeOf(next);
    if (at !== null) return this.state.wakes.with(step, at);
    return this.state.wakes.get(step) === undefined ? this.state.wakes : this.state.wakes.without(step);
  }

  private countsWith(step: StepId, before: StepState | undefined, next: StepState): RunState['counts'] {
    if (step === ROOT || isItem(step)) return this.state.counts;
    const [from, to] = [before && shownStatus(before), shownStatus(next)];
    if (from === to) return this.state.counts;
    const counts = { ...this.state.counts, [to]: this.state.counts[to] + 1 };
    if (from) counts[from] -= 1;
    return counts;
  }
}

/** When a step in this state must be told the time, or null. */
function wakeOf(state: StepState): number | null {
  switch (state.kind) {
    case 'running':
      return state.stopping ? null : earliest(state.deadlineAt, state.endBy);
    case 'delaying':
      return earliest(state.until, state.endBy);
    case 'retrying':
      return state.queued ? state.endBy : earliest(state.at, state.endBy);
    case 'waiting':
      return state.gate.expiresAt;
    case 'attention':
      return state.endBy;
    case 'group':
      return state.stopping ? null : state.endBy;
    case 'repeat': {
      const between = state.loop?.between ?? null;
      return state.stopping ? null : earliest(state.endBy, between?.kind === 'delaying' ? between.until : null);
    }
    default:
      return null;
  }
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
