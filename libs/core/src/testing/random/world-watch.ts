import type { StepId } from '../../lib/foundation/ids';
import { isItem, ROOT } from '../../lib/plan/place';
import { blockOf, childOf, nodeAt, parentOf, type PlanIndex } from '../../lib/plan/plan-index';
import type { Turn } from '../../lib/run/advance';
import type { RunState } from '../../lib/run/run-state';
import { isBusy } from '../../lib/step/step-state';

/** An execution that has started and has no result. */
export interface InFlightExecution {
  readonly step: StepId;
  readonly execution: number;
  stopping: boolean;
  /** Its worker is dead. */
  readonly gone?: boolean;
  /** Another worker has it: it outlives the driver. */
  assigned: boolean;
}

/** Checks every turn of a random world: starts, ends, slots of containers, and who waits for what. */
export class WorldWatch {
  /** The last execution of each step that started. */
  private readonly seen = new Map<StepId, number>();
  private readonly ended = new Set<StepId>();

  /** `flying`: executions in progress, as `step#execution`. `violation`: called with each violation. */
  constructor(
    private readonly index: PlanIndex,
    private readonly flying: ReadonlyMap<string, InFlightExecution>,
    private readonly violation: (what: string) => void,
  ) {}

  checkTurn(before: RunState, turn: Turn): void {
    const wrong = this.violation;
    for (const event of turn.events) {
      if (before.phase === 'ended' && event.type !== 'given.ignored') wrong('an event after the end');
      if (event.type === 'step.started') {
        if (event.execution <= (this.seen.get(event.step) ?? 0))
          wrong(`execution ${event.execution} of ${event.step} again`);
        this.seen.set(event.step, event.execution);
        if (this.ended.has(event.step)) wrong(`${event.step} starts after its end`);
        if ([...this.flying.values()].some((one) => one.step === event.step))
          wrong(`two executions of ${event.step} overlap`);
        this.checkNeeds(event.step);
        if (this.isInStopped(event.step, before)) wrong(`${event.step} starts although its list was stopped`);
        if (before.ending && !this.isCleanup(event.step, before))
          wrong(`${event.step} starts although the run is ending`);
      }
      if (event.type === 'step.ended') {
        if (this.ended.has(event.step)) wrong(`${event.step} ends twice`);
        this.ended.add(event.step);
      }
      if (event.type === 'run.ended') {
        const open = [...this.seen.keys()].filter((step) => !this.ended.has(step));
        if (open.length > 0) wrong(`${open.join()} never ended`);
        const { counts } = turn.state;
        if (counts.running + counts.waiting + counts.retrying + counts.pending + counts.needs_attention !== 0)
          wrong(`counts left: ${JSON.stringify(counts)}`);
        if (turn.state.openGates !== 0) wrong('gates left open');
      }
    }
  }

  private checkNeeds(step: StepId): void {
    for (const need of this.stepsBefore(step))
      if (!this.ended.has(need)) this.violation(`${step} starts before ${need} is over`);
  }

  /** True for a step that has begun nothing yet, in a list that is being stopped, and is no cleanup of that list. */
  private isInStopped(step: StepId, before: RunState): boolean {
    const above = before.steps.get(parentOf(this.index, step));
    const isStopped = above !== undefined && 'stopping' in above && above.stopping !== null;
    const isFirst = before.steps.get(step)?.kind === 'pending';
    return isStopped && isFirst && nodeAt(this.index, step).node.runOn === 'success';
  }

  /** All steps of its list that precede a step, also by others. */
  private stepsBefore(step: StepId): ReadonlySet<StepId> {
    const above = parentOf(this.index, step);
    const before = new Set<StepId>();
    const add = (of: StepId): void => {
      for (const need of nodeAt(this.index, of).node.needs) {
        const place = childOf(this.index, above, need);
        if (before.has(place)) continue;
        before.add(place);
        add(place);
      }
    };
    add(step);
    return before;
  }

  private isCleanup(step: StepId, before: RunState): boolean {
    if (before.ending?.force) return false;
    for (let at = step; at !== ROOT; at = parentOf(this.index, at)) {
      if (!isItem(at) && nodeAt(this.index, at).node.runOn !== 'success') return true;
    }
    return false;
  }

  checkSlots({ steps }: RunState): void {
    for (const [step, state] of steps.entries()) {
      if (state.kind !== 'group' && state.kind !== 'repeat') continue;
      const children = steps
        .entries()
        .filter(([child]) => child !== ROOT && child !== step && parentOf(this.index, child) === step);
      const busy = children.filter(([, child]) => isBusy(child)).length;
      if (busy !== state.live) this.violation(`${step || 'root'} counts ${state.live} busy children of ${busy}`);
      const limit =
        state.kind === 'group' ? blockOf(this.index, step, state.branch).maxParallel || Infinity : this.widthOf(step);
      if (busy > limit) this.violation(`${step} runs ${busy} children of ${limit}`);
      const open = children.filter(([, child]) => child.kind !== 'ended').length;
      if (open !== state.open) this.violation(`${step || 'root'} counts ${state.open} open children of ${open}`);
    }
  }

  /** What waits for a time is told it; what is to stop was told to. */
  checkWaits({ steps, wakes }: RunState): void {
    for (const [step, state] of steps.entries()) {
      const due =
        state.kind === 'retrying' && !state.queued
          ? state.at
          : state.kind === 'delaying'
            ? state.until
            : state.kind === 'waiting'
              ? state.gate.expiresAt
              : state.kind === 'repeat' && state.loop?.between?.kind === 'delaying'
                ? state.loop.between.until
                : null;
      const wake = wakes.get(step);
      if (due !== null && (wake === undefined || wake > due))
        this.violation(`${step} is ${state.kind} and nobody wakes it`);
      if (state.kind !== 'running' || state.stopping === null) continue;
      const inFlight = this.flying.get(`${step}#${state.execution}`);
      if (inFlight && !inFlight.stopping) this.violation(`${step} is to stop and was never told`);
    }
  }

  private widthOf(step: StepId): number {
    const { node } = nodeAt(this.index, step);
    return node.kind === 'map' ? (node.width ?? this.index.defaults.maxParallel) : 1;
  }
}
