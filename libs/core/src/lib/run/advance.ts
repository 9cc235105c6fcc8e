import { assertNever } from '../foundation/assert-never';
import type { RunId, StepId } from '../foundation/ids';
import { PersistentMap } from '../foundation/persistent-map';
import type { Subject } from '../foundation/principal';
import { isItem, repeatOf, ROOT } from '../plan/place';
import { nodeAt, runNodeAt, type PlanIndex } from '../plan/plan-index';
import type { StepState } from '../step/step-state';
import { answered } from './begin';
import type { Command } from './command';
import { openGroup, pump, stopContainer } from './container';
import { Transition } from './transition';
import { expireGate, gateDecided, policyJudged } from './gate-step';
import { judgedLoop, untilAnswered, wakeLoop } from './iteration';
import {
  leafAssigned,
  leafDeferred,
  leafFailed,
  leafLost,
  leafStopped,
  leafSucceeded,
  leafNotStarted,
  wakeLeaf,
} from './leaf';
import type { Derived, InputEvent } from './run-event';
import type { RunState } from './run-state';
import { drainSignals } from './drain-signals';
import { endRun, finish, isMessageQuestion, resultOf, saidIn } from './run-end';
import { takeOver } from './takeover';

/** The result of one input event. */
export interface Turn {
  readonly state: RunState;
  /** Derived events in order. The journal contains the input event followed by these. */
  readonly events: readonly Derived[];
  readonly commands: readonly Command[];
  /** Last state of each step that changed. */
  readonly changed: ReadonlyMap<StepId, StepState>;
}

/** A run that was accepted and not yet begun. */
export function initialState(index: PlanIndex, runId: RunId, initiators: readonly Subject[], reuses = false): RunState {
  return {
    runId,
    initiators,
    reuses,
    phase: 'queued',
    ending: null,
    steps: PersistentMap.empty(),
    wakes: PersistentMap.empty(),
    counts: {
      pending: 0,
      running: 0,
      waiting: 0,
      retrying: 0,
      needs_attention: 0,
      succeeded: 0,
      failed: 0,
      skipped: 0,
      cancelled: 0,
    },
    openGates: 0,
    timer: { leftMs: index.plan.timeouts.runMs ?? index.defaults.runTimeoutMs, since: null },
    closing: null,
    result: null,
  };
}

/**
 * The function that makes every decision about a run (ARCHITECTURE.md, Invariants). It is pure, synchronous and total: every input event has a result, if
 * only `given.ignored`. Driver, simulator, harness, replay and verifier call it.
 */
export function advance(index: PlanIndex, state: RunState, input: InputEvent): Turn {
  const transition = new Transition(index, state, input.at);
  if (state.phase === 'ended') ignore(transition, input, 'RUN_ENDED');
  else {
    take(transition, input);
    drainSignals(transition);
    settleTimer(transition);
    finish(transition);
  }
  return {
    state: transition.whole(),
    events: transition.events,
    commands: transition.commands,
    changed: transition.changed,
  };
}

function take(transition: Transition, input: InputEvent): void {
  switch (input.type) {
    case 'run.claimed':
      return claimed(transition);
    case 'run.cancel-requested':
      return cancel(transition, input.force);
    case 'run.failed':
      return failed(transition, input);
    case 'time.reached':
      return timeReached(transition);
    case 'attempt.succeeded':
    case 'attempt.failed':
    case 'attempt.stopped':
    case 'attempt.deferred':
    case 'attempt.lost':
    case 'attempt.unbegun':
      return attemptOver(transition, input);
    case 'attempt.assigned': {
      const state = transition.get(input.step);
      const isHere = state?.kind === 'running' && state.execution === input.execution && state.assignment === null;
      if (!isHere || state.stopping !== null) return ignore(transition, input, 'ATTEMPT_OVER');
      return leafAssigned(transition, input.step, state, input.assignment);
    }
    case 'question.answered': {
      if (input.question === 'until') return judged(transition, input);
      if (isMessageQuestion(input.question)) return messageSaid(transition, input);
      const state = transition.get(input.step);
      const { answer } = input;
      if (state?.kind !== 'deciding' || state.question !== input.question || answer.kind === 'message')
        return ignore(transition, input, 'QUESTION_OVER');
      return answered(transition, input.step, state, answer);
    }
    case 'policy.judged': {
      const state = transition.get(input.step);
      return state?.kind === 'judging'
        ? policyJudged(transition, input, state)
        : ignore(transition, input, 'QUESTION_OVER');
    }
    case 'gate.decided': {
      const state = transition.get(input.step);
      return state?.kind === 'waiting'
        ? gateDecided(transition, input, state)
        : ignore(transition, input, 'GATE_NOT_OPEN');
    }
    case 'attention.resolved':
      return resolved(transition, input);
    default:
      return assertNever(input);
  }
}

type InputEventOf<Type extends InputEvent['type']> = Extract<InputEvent, { type: Type }>;

/** `until` is evaluated for an ended iteration; its loop waits for the answer. */
function judged(transition: Transition, input: InputEventOf<'question.answered'>): void {
  const state = isItem(input.step) ? judgedLoop(transition, input.step) : null;
  if (state === null) return ignore(transition, input, 'QUESTION_OVER');
  untilAnswered(transition, input.step, state, input.answer);
  return pump(transition, repeatOf(input.step));
}

function ignore(transition: Transition, input: InputEvent, code: string): void {
  transition.emit({ type: 'given.ignored', what: input.type, step: 'step' in input ? input.step : null, code });
}

/** The message has arrived, or its fault: the run ends. Another answer is none. */
function messageSaid(transition: Transition, input: InputEventOf<'question.answered'>): void {
  const said = saidIn(input.answer);
  const isAsked = transition.run.closing === input.question && input.step === ROOT;
  if (said === null || !isAsked) return ignore(transition, input, 'QUESTION_OVER');
  endRun(transition, said);
}

function claimed(transition: Transition): void {
  if (transition.run.phase === 'queued') {
    transition.patch({ phase: 'running' });
    transition.emit({ type: 'run.started' });
    openGroup(transition, ROOT);
  } else takeOver(transition);
}

/** In a run that may not be driven, or that killed its process, nothing starts any more, including cleanup. */
const UNDRIVABLE: readonly string[] = [
  ...['SEALED_UNENFORCEABLE', 'PROFILE_MISMATCH', 'POISON'],
  ...['PACK_UNTRUSTED', 'PACK_UNSIGNED', 'PACK_SIGNATURE_INVALID', 'SEALED_EGRESS_DENIED'],
];

function failed(transition: Transition, { code, step }: InputEventOf<'run.failed'>): void {
  const force = UNDRIVABLE.includes(code);
  transition.beginEnding({ status: 'failed', code, step, force, failureSteps: !force });
}

function cancel(transition: Transition, force: boolean): void {
  transition.emit({ type: 'cancel.accepted', force });
  const failed = failureOf(transition);
  transition.beginEnding({
    status: failed ? 'failed' : 'cancelled',
    code: failed?.code ?? 'RUN_CANCELLED',
    step: failed?.step ?? null,
    force,
    failureSteps: false,
  });
  if (transition.run.phase === 'queued')
    transition.patch({ phase: 'running', steps: transition.steps.with(ROOT, endedRoot) });
}

/** The failure with which the run would end without its cancellation; null if there is none. */
function failureOf(transition: Transition): { readonly code: string | null; readonly step: StepId | null } | null {
  const root = transition.get(ROOT);
  if (root?.kind === 'group' && root.failures > 0) return { code: root.failedCode, step: root.failed };
  const result = resultOf(transition);
  return result?.status === 'failed' ? result : null;
}

const endedRoot: StepState = {
  kind: 'ended',
  status: 'cancelled',
  code: 'RUN_CANCELLED',
  outputs: null,
  attempts: 0,
  satisfied: false,
  tainted: true,
  blocked: false,
  executeBy: null,
  by: null,
};

function attemptOver(
  transition: Transition,
  input: InputEventOf<Exclude<Extract<InputEvent['type'], `attempt.${string}`>, 'attempt.assigned'>>,
): void {
  const state = transition.get(input.step);
  if (state?.kind !== 'running' || state.execution !== input.execution)
    return ignore(transition, input, 'ATTEMPT_OVER');
  switch (input.type) {
    case 'attempt.succeeded':
      return leafSucceeded(transition, input.step, state, input.outputs);
    case 'attempt.failed':
      return leafFailed(transition, input.step, state, input);
    case 'attempt.stopped':
      return leafStopped(transition, input.step, state, input.unknown);
    case 'attempt.deferred':
      return leafDeferred(transition, input.step, state, input.until);
    case 'attempt.lost':
      return leafLost(transition, input.step, state, input.began);
    case 'attempt.unbegun':
      return leafNotStarted(transition, input.step, state);
    default:
      return assertNever(input);
  }
}

function resolved(transition: Transition, input: InputEventOf<'attention.resolved'>): void {
  const { step, execution } = input;
  const state = transition.get(step);
  if (state?.kind !== 'attention' || state.execution !== execution) return ignore(transition, input, 'ATTEMPT_OVER');
  const { attempt, endBy } = state;
  if (input.outcome === 'succeeded')
    return transition.end(step, { status: 'succeeded', outputs: input.outputs, attempts: attempt });
  if (input.outcome === 'failed') {
    const satisfied = runNodeAt(transition.index, step).continueOnError;
    return transition.end(step, { status: 'failed', code: 'RESOLVED_FAILED', attempts: attempt, satisfied });
  }
  transition.set(step, {
    kind: 'retrying',
    attempt: attempt + 1,
    execution,
    at: transition.at,
    code: 'RESOLVED_RETRY',
    queued: true,
    endBy,
  });
  return transition.send({ type: 'ready', step });
}

function timeReached(transition: Transition): void {
  if (transition.run.closing !== null) return;
  for (const [step, at] of dueAt(transition)) {
    const state = transition.get(step);
    if (!state || at > transition.at) continue;
    if (state.kind === 'waiting') expireGate(transition, step);
    else if (state.kind === 'group') stopContainer(transition, step, state, 'step-timeout', step);
    else if (state.kind === 'repeat') wakeRepeat(transition, step, state);
    else wakeLeaf(transition, step, state);
  }
  const { ending, timer } = transition.run;
  if (ending && !ending.force && transition.at >= ending.cleanupBy) transition.beginEnding({ ...ending, force: true });
  else if (!ending && timer.since !== null && transition.at >= timer.since + timer.leftMs) {
    transition.beginEnding({ status: 'failed', code: 'RUN_TIMEOUT', step: null, force: false, failureSteps: false });
  }
}

/** The step's timeout is over, or only the delay between two iterations. */
function wakeRepeat(transition: Transition, step: StepId, state: Extract<StepState, { kind: 'repeat' }>): void {
  if (state.endBy !== null && state.endBy <= transition.at)
    return stopContainer(transition, step, state, 'step-timeout', step);
  wakeLoop(transition, step, state);
  return pump(transition, step);
}

function dueAt(transition: Transition): readonly (readonly [StepId, number])[] {
  return transition.wakes.entries().filter(([, at]) => at <= transition.at);
}

/** The run's timeout is suspended while nothing is in progress and a gate waits for people. */
function settleTimer(transition: Transition): void {
  const { timer, openGates } = transition.run;
  const root = transition.get(ROOT);
  const paused = root?.kind === 'group' && root.live === 0 && openGates > 0;
  if (paused && timer.since !== null)
    transition.patch({ timer: { leftMs: timer.leftMs - (transition.at - timer.since), since: null } });
  else if (!paused && timer.since === null && root) transition.patch({ timer: { ...timer, since: transition.at } });
}

/** True if the run can only wait: for a time, a person, or an inbox message. */
export function isParked(state: RunState): boolean {
  const root = state.steps.get(ROOT);
  return state.phase === 'ended' || (root?.kind === 'group' && root.live === 0);
}

/** The next time at which the run needs a timer event, milliseconds since the epoch; null if there is none. */
export function nextWakeAt(state: RunState): number | null {
  if (state.closing !== null) return null;
  let next: number | null = null;
  const consider = (at: number): void => {
    if (next === null || at < next) next = at;
  };
  for (const [, at] of state.wakes.entries()) consider(at);
  if (state.ending && !state.ending.force) consider(state.ending.cleanupBy);
  if (!state.ending && state.timer.since !== null) consider(state.timer.since + state.timer.leftMs);
  return next;
}

/** What a run waits on, at most `limit` of it: `approval:<gate>`, `retry:<step>`, `delay:<step>`, `attention:<step>`. */
export function waitsOf(
  index: PlanIndex,
  state: RunState,
  limit = 20,
): readonly { readonly kind: string; readonly id: StepId; readonly until: number | null }[] {
  const waits: { kind: string; id: StepId; until: number | null }[] = [];
  // The counts have all steps that wait. Without one, nobody looks through thousands of others.
  const { waiting, retrying, needs_attention: attention } = state.counts;
  if (waiting + retrying + attention === 0) return waits;
  for (const [id, step] of state.steps.entries()) {
    if (waits.length >= limit) break;
    if (step.kind === 'waiting')
      waits.push({ kind: policyGate(index, id) ? 'policy' : 'approval', id, until: step.gate.expiresAt });
    else if (step.kind === 'retrying' && !step.queued) waits.push({ kind: 'retry', id, until: step.at });
    else if (step.kind === 'delaying') waits.push({ kind: 'delay', id, until: step.until });
    else if (step.kind === 'repeat' && step.loop?.between?.kind === 'delaying')
      waits.push({ kind: 'delay', id, until: step.loop.between.until });
    else if (step.kind === 'attention') waits.push({ kind: 'attention', id, until: step.endBy });
  }
  return waits;
}

function policyGate(index: PlanIndex, step: StepId): boolean {
  if (isItem(step)) return false;
  const { node } = nodeAt(index, step);
  return node.kind === 'gate' && node.policy !== null;
}
