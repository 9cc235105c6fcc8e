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
import { Draft } from './draft';
import { expireGate, gateDecided, policyJudged } from './gate-step';
import { judgedLoop, untilAnswered, wakeLoop } from './iteration';
import {
  leafAssigned,
  leafDeferred,
  leafFailed,
  leafLost,
  leafStopped,
  leafSucceeded,
  leafUnbegun,
  wakeLeaf,
} from './leaf';
import type { Derived, Given } from './run-event';
import type { RunState } from './run-state';
import { spread } from './spread';
import { takeOver } from './takeover';

/** What one given led to. */
export interface Turn {
  readonly state: RunState;
  /** In order; the journal holds the given and then these. */
  readonly events: readonly Derived[];
  readonly commands: readonly Command[];
  /** Last state of each step that changed. */
  readonly changed: ReadonlyMap<StepId, StepState>;
}

/** A run that was accepted and not yet begun. */
export function initialState(x: PlanIndex, runId: RunId, initiators: readonly Subject[], reuses = false): RunState {
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
    timer: { leftMs: x.plan.timeouts.runMs ?? x.defaults.runTimeoutMs, since: null },
    result: null,
  };
}

/**
 * The one function that decides (engine.md §2): pure, synchronous, total. Every given gets an answer, if only
 * `given.ignored`. Driver, simulator, harness, replay and verifier call it.
 */
export function advance(x: PlanIndex, state: RunState, given: Given): Turn {
  const draft = new Draft(x, state, given.at);
  if (state.phase === 'ended') ignore(draft, given, 'RUN_ENDED');
  else {
    take(draft, given);
    spread(draft);
    settleTimer(draft);
    finish(draft);
  }
  return { state: draft.whole(), events: draft.events, commands: draft.commands, changed: draft.changed };
}

function take(draft: Draft, given: Given): void {
  switch (given.type) {
    case 'run.claimed':
      return claimed(draft);
    case 'run.cancel-requested':
      return cancel(draft, given.force);
    case 'run.failed':
      return failed(draft, given);
    case 'time.reached':
      return timeReached(draft);
    case 'attempt.succeeded':
    case 'attempt.failed':
    case 'attempt.stopped':
    case 'attempt.deferred':
    case 'attempt.lost':
    case 'attempt.unbegun':
      return attemptOver(draft, given);
    case 'attempt.assigned': {
      const state = draft.get(given.step);
      const isHere = state?.kind === 'running' && state.execution === given.execution && state.assignment === null;
      if (!isHere || state.stopping !== null) return ignore(draft, given, 'ATTEMPT_OVER');
      return leafAssigned(draft, given.step, state, given.assignment);
    }
    case 'question.answered': {
      if (given.question === 'until') return judged(draft, given);
      const state = draft.get(given.step);
      if (state?.kind !== 'deciding' || state.question !== given.question) return ignore(draft, given, 'QUESTION_OVER');
      return answered(draft, given.step, state, given.answer);
    }
    case 'policy.judged': {
      const state = draft.get(given.step);
      return state?.kind === 'judging' ? policyJudged(draft, given, state) : ignore(draft, given, 'QUESTION_OVER');
    }
    case 'gate.decided': {
      const state = draft.get(given.step);
      return state?.kind === 'waiting' ? gateDecided(draft, given, state) : ignore(draft, given, 'GATE_NOT_OPEN');
    }
    case 'attention.resolved':
      return resolved(draft, given);
    default:
      return assertNever(given);
  }
}

type GivenOf<Type extends Given['type']> = Extract<Given, { type: Type }>;

/** `until` is asked of an iteration that has ended; its loop waits for the answer. */
function judged(draft: Draft, given: GivenOf<'question.answered'>): void {
  const state = isItem(given.step) ? judgedLoop(draft, given.step) : null;
  if (state === null) return ignore(draft, given, 'QUESTION_OVER');
  untilAnswered(draft, given.step, state, given.answer);
  return pump(draft, repeatOf(given.step));
}

function ignore(draft: Draft, given: Given, code: string): void {
  draft.emit({ type: 'given.ignored', what: given.type, step: 'step' in given ? given.step : null, code });
}

function claimed(draft: Draft): void {
  if (draft.run.phase === 'queued') {
    draft.patch({ phase: 'running' });
    draft.emit({ type: 'run.started' });
    openGroup(draft, ROOT);
  } else takeOver(draft);
}

/** Of a run that may not be driven, or whose process died of it, nothing starts any more: not even what cleans up. */
const UNDRIVABLE: readonly string[] = [
  ...['SEALED_UNENFORCEABLE', 'PROFILE_MISMATCH', 'POISON'],
  ...['PACK_UNTRUSTED', 'PACK_UNSIGNED', 'PACK_SIGNATURE_INVALID', 'SEALED_EGRESS_DENIED'],
];

function failed(draft: Draft, { code, step }: GivenOf<'run.failed'>): void {
  const force = UNDRIVABLE.includes(code);
  draft.fall({ status: 'failed', code, step, force, failureSteps: !force });
}

function cancel(draft: Draft, force: boolean): void {
  draft.emit({ type: 'cancel.accepted', force });
  const root = draft.get(ROOT);
  const failed = root?.kind === 'group' && root.failures > 0 ? root : null;
  draft.fall({
    status: failed ? 'failed' : 'cancelled',
    code: failed?.failedCode ?? 'RUN_CANCELLED',
    step: failed?.failed ?? null,
    force,
    failureSteps: false,
  });
  if (draft.run.phase === 'queued') draft.patch({ phase: 'running', steps: draft.steps.with(ROOT, endedRoot) });
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
  draft: Draft,
  given: GivenOf<Exclude<Extract<Given['type'], `attempt.${string}`>, 'attempt.assigned'>>,
): void {
  const state = draft.get(given.step);
  if (state?.kind !== 'running' || state.execution !== given.execution) return ignore(draft, given, 'ATTEMPT_OVER');
  switch (given.type) {
    case 'attempt.succeeded':
      return leafSucceeded(draft, given.step, state, given.outputs);
    case 'attempt.failed':
      return leafFailed(draft, given.step, state, given);
    case 'attempt.stopped':
      return leafStopped(draft, given.step, state, given.unknown);
    case 'attempt.deferred':
      return leafDeferred(draft, given.step, state, given.until);
    case 'attempt.lost':
      return leafLost(draft, given.step, state, given.began);
    case 'attempt.unbegun':
      return leafUnbegun(draft, given.step, state);
    default:
      return assertNever(given);
  }
}

function resolved(draft: Draft, given: GivenOf<'attention.resolved'>): void {
  const { step, execution } = given;
  const state = draft.get(step);
  if (state?.kind !== 'attention' || state.execution !== execution) return ignore(draft, given, 'ATTEMPT_OVER');
  const { attempt, endBy } = state;
  if (given.outcome === 'succeeded')
    return draft.end(step, { status: 'succeeded', outputs: given.outputs, attempts: attempt });
  if (given.outcome === 'failed') {
    const satisfied = runNodeAt(draft.x, step).continueOnError;
    return draft.end(step, { status: 'failed', code: 'RESOLVED_FAILED', attempts: attempt, satisfied });
  }
  draft.set(step, {
    kind: 'retrying',
    attempt: attempt + 1,
    execution,
    at: draft.at,
    code: 'RESOLVED_RETRY',
    queued: true,
    endBy,
  });
  return draft.send({ type: 'ready', step });
}

function timeReached(draft: Draft): void {
  for (const [step, at] of dueAt(draft)) {
    const state = draft.get(step);
    if (!state || at > draft.at) continue;
    if (state.kind === 'waiting') expireGate(draft, step);
    else if (state.kind === 'group') stopContainer(draft, step, state, 'step-timeout');
    else if (state.kind === 'repeat') wakeRepeat(draft, step, state);
    else wakeLeaf(draft, step, state);
  }
  const { ending, timer } = draft.run;
  if (ending && !ending.force && draft.at >= ending.cleanupBy) draft.fall({ ...ending, force: true });
  else if (!ending && timer.since !== null && draft.at >= timer.since + timer.leftMs) {
    draft.fall({ status: 'failed', code: 'RUN_TIMEOUT', step: null, force: false, failureSteps: false });
  }
}

/** The step's timeout is over; or only the delay between two iterations. */
function wakeRepeat(draft: Draft, step: StepId, state: Extract<StepState, { kind: 'repeat' }>): void {
  if (state.endBy !== null && state.endBy <= draft.at) return stopContainer(draft, step, state, 'step-timeout');
  wakeLoop(draft, step, state);
  return pump(draft, step);
}

function dueAt(draft: Draft): readonly (readonly [StepId, number])[] {
  return draft.wakes.entries().filter(([, at]) => at <= draft.at);
}

/** The run's timeout stands still while nothing is under way and a gate waits for people. */
function settleTimer(draft: Draft): void {
  const { timer, openGates } = draft.run;
  const root = draft.get(ROOT);
  const paused = root?.kind === 'group' && root.live === 0 && openGates > 0;
  if (paused && timer.since !== null)
    draft.patch({ timer: { leftMs: timer.leftMs - (draft.at - timer.since), since: null } });
  else if (!paused && timer.since === null && root) draft.patch({ timer: { ...timer, since: draft.at } });
}

function finish(draft: Draft): void {
  const root = draft.get(ROOT);
  if (root?.kind !== 'ended') return;
  const { ending } = draft.run;
  const result = ending
    ? { status: ending.status, code: ending.code, step: ending.step, outputs: null }
    : {
        status: root.status === 'skipped' ? ('failed' as const) : root.status,
        code: root.code,
        step: root.by,
        outputs: root.outputs,
      };
  draft.patch({ phase: 'ended', result, steps: PersistentMap.empty(), wakes: PersistentMap.empty() });
  draft.emit({ type: 'run.ended', ...result });
}

/** True if the run can do nothing now but wait: for a time, a person, a letter. */
export function isParked(state: RunState): boolean {
  const root = state.steps.get(ROOT);
  return state.phase === 'ended' || (root?.kind === 'group' && root.live === 0);
}

/** The next moment at which the run must be told the time, milliseconds since the epoch; null if there is none. */
export function nextWakeAt(state: RunState): number | null {
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
  x: PlanIndex,
  state: RunState,
  limit = 20,
): readonly { readonly kind: string; readonly id: StepId; readonly until: number | null }[] {
  const waits: { kind: string; id: StepId; until: number | null }[] = [];
  for (const [id, step] of state.steps.entries()) {
    if (waits.length >= limit) break;
    if (step.kind === 'waiting')
      waits.push({ kind: policyGate(x, id) ? 'policy' : 'approval', id, until: step.gate.expiresAt });
    else if (step.kind === 'retrying' && !step.queued) waits.push({ kind: 'retry', id, until: step.at });
    else if (step.kind === 'delaying') waits.push({ kind: 'delay', id, until: step.until });
    else if (step.kind === 'repeat' && step.loop?.between?.kind === 'delaying')
      waits.push({ kind: 'delay', id, until: step.loop.between.until });
    else if (step.kind === 'attention') waits.push({ kind: 'attention', id, until: step.endBy });
  }
  return waits;
}

function policyGate(x: PlanIndex, step: StepId): boolean {
  if (isItem(step)) return false;
  const { node } = nodeAt(x, step);
  return node.kind === 'gate' && node.policy !== null;
}
