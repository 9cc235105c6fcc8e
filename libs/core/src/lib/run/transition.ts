import type { StepId } from '../foundation/ids';
import { isItem, ROOT } from '../plan/place';
import type { PlanIndex } from '../plan/plan-index';
import { isBusy, shownStatus, type Ended, type StepState } from '../step/step-state';
import type { Command } from './command';
import { inheritance, soonest } from './inheritance';
import type { Derived } from './run-event';
import type { Ending, RunState } from './run-state';
import type { Signal } from './signal';

type OfSteps = Pick<RunState, 'steps' | 'wakes' | 'counts'>;

/** The mutable working state of one `advance`. It never leaves that call. */
export class Transition {
  readonly events: Derived[] = [];
  readonly commands: Command[] = [];
  readonly changed = new Map<StepId, StepState>();
  /** Whether a gate that has not opened precedes a step that has not ended. Cached per turn. */
  readonly unopened = new Map<StepId, boolean>();
  private readonly signals: Signal[] = [];
  private cursor = 0;
  // Changes of steps are kept separately: the run's state is built on demand.
  private ofSteps: OfSteps;

  constructor(
    readonly index: PlanIndex,
    private state: RunState,
    readonly at: number,
  ) {
    const { steps, wakes, counts } = state;
    this.ofSteps = { steps, wakes, counts };
  }

  /** The members of the run's state besides its steps. */
  get run(): Omit<RunState, keyof OfSteps> {
    return this.state;
  }

  /** The state of the run after this turn. */
  whole(): RunState {
    const { steps, wakes, counts } = this.ofSteps;
    if (steps === this.state.steps && wakes === this.state.wakes && counts === this.state.counts) return this.state;
    const { runId, initiators, reuses, phase, ending, openGates, timer, closing, result } = this.state;
    return { runId, initiators, reuses, phase, ending, steps, wakes, counts, openGates, timer, closing, result };
  }

  get steps(): RunState['steps'] {
    return this.ofSteps.steps;
  }

  get wakes(): RunState['wakes'] {
    return this.ofSteps.wakes;
  }

  patch(change: Partial<RunState>): void {
    this.state = { ...this.whole(), ...change };
    const { steps, wakes, counts } = this.state;
    this.ofSteps = { steps, wakes, counts };
  }

  get(step: StepId): StepState | undefined {
    return this.steps.get(step);
  }

  set(step: StepId, next: StepState): void {
    this.ofSteps = {
      steps: this.steps.with(step, next),
      wakes: this.wakesWith(step, next),
      counts: this.countsWith(step, next),
    };
    this.changed.set(step, next);
  }

  /** The step leaves the working set. Its row is kept for readers. */
  drop(step: StepId): void {
    const { steps, wakes, counts } = this.ofSteps;
    this.ofSteps = { steps: steps.without(step), wakes: wakes.without(step), counts };
  }

  /**
   * Events that runs have many of name their members in canonical order (RFC 8785, 3.2.3), here and in executors' outcomes, so that the text of a
   * page is made without copies of them in that order.
   */
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
    details: { message?: string; exitCode?: number | null; holdsSlot?: boolean } = {},
  ): void {
    const before = this.get(step);
    const inherits = inheritance(this.index, this.steps, step);
    const satisfied = how.satisfied ?? how.status === 'succeeded';
    // Written out: a spread between members is a call of V8's runtime for each of them (ADR 110).
    const ended: Ended = {
      kind: 'ended',
      status: how.status,
      code: how.code ?? null,
      outputs: how.outputs ?? null,
      attempts: how.attempts ?? 0,
      by: how.by ?? null,
      satisfied,
      tainted: !satisfied || inherits.upstreamFailed,
      blocked: (how.blocked ?? false) || inherits.blocked,
      executeBy: soonest([how.executeBy ?? null, inherits.executeBy]),
    };
    this.set(step, ended);
    this.send({ type: 'ended', step, wasBusy: details.holdsSlot ?? (before !== undefined && isBusy(before)) });
    if (step === ROOT) return;
    this.emit({
      attempts: ended.attempts,
      code: ended.code,
      exitCode: details.exitCode ?? null,
      message: details.message ?? null,
      outputs: ended.outputs,
      status: ended.status,
      step,
      type: 'step.ended',
    });
  }

  /** The first reason determines the outcome; a later one may only add force. */
  beginEnding(ending: Omit<Ending, 'cleanupBy'>): void {
    const before = this.state.ending;
    const { plan, defaults, machine } = this.index;
    // Cleanup waits for steps that are being stopped, which may take this long.
    const stopMs = machine > 1 ? defaults.stopGraceMs : 0;
    const cleanupBy = this.at + stopMs + (plan.timeouts.cleanupMs ?? defaults.cleanupTimeoutMs);
    this.patch({ ending: before ? { ...before, force: before.force || ending.force } : { ...ending, cleanupBy } });
    this.send({ type: 'stop', step: ROOT, cause: ending.status === 'cancelled' ? 'cancel' : 'gate', from: ROOT });
  }

  private wakesWith(step: StepId, next: StepState): RunState['wakes'] {
    const { wakes } = this.ofSteps;
    const at = wakeOf(next);
    if (at !== null) return wakes.with(step, at);
    return wakes.get(step) === undefined ? wakes : wakes.without(step);
  }

  private countsWith(step: StepId, next: StepState): RunState['counts'] {
    const { counts } = this.ofSteps;
    if (step === ROOT || isItem(step)) return counts;
    const before = this.get(step);
    const [from, to] = [before && shownStatus(before), shownStatus(next)];
    if (from === to) return counts;
    const changed = copyOf(counts);
    changed[to] += 1;
    if (from) changed[from] -= 1;
    return changed;
  }
}

/** Written out: a spread is many times slower, and most steps of a turn change a count. */
function copyOf(counts: RunState['counts']): { -readonly [Status in keyof RunState['counts']]: number } {
  return {
    pending: counts.pending,
    running: counts.running,
    waiting: counts.waiting,
    retrying: counts.retrying,
    needs_attention: counts.needs_attention,
    succeeded: counts.succeeded,
    failed: counts.failed,
    skipped: counts.skipped,
    cancelled: counts.cancelled,
  };
}

/** Time of the next timer of a step in this state; null if there is none. */
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
