import type { InputEventBody } from '../../run/run-event';
import type { RunState } from '../../run/run-state';
import type { Arrival } from './turn-builder';

type Outcome = Extract<InputEventBody, { type: `attempt.${string}` }>;

/**
 * The rest of a turn whose data the database refuses: its outcomes are dropped, and the run fails. Null if nothing can be dropped and the
 * run already fails. A dropped execution that was told to stop before is recorded as stopped here, because a stop is not requested twice.
 */
export function withoutOutcomes(
  taken: readonly Arrival[],
  { steps }: RunState,
  message: string,
): readonly Arrival[] | null {
  const outcomes = taken.flatMap((one) => (one.kind === 'given' && isOutcome(one.body) ? [one.body] : []));
  const failsAlready = taken.some(
    (one) => one.kind === 'given' && one.body.type === 'run.failed' && one.inboxPosition === undefined,
  );
  const failed: InputEventBody = { type: 'run.failed', code: 'ENGINE_COMMIT_REFUSED', step: null, message };
  const over = outcomes.flatMap(({ step, execution }): InputEventBody[] => {
    const state = steps.get(step);
    const stops = state?.kind === 'running' && state.execution === execution && state.stopping !== null;
    return stops ? [{ type: 'attempt.stopped', step, execution, unknown: false }] : [];
  });
  const kept = taken.filter(isKept);
  if (failsAlready && taken.every((one) => isKept(one) || isStop(one))) return null;
  return [...kept, ...[...(failsAlready ? [] : [failed]), ...over].map((body): Arrival => ({ kind: 'given', body }))];
}

function isOutcome(body: InputEventBody): body is Outcome {
  return body.type.startsWith('attempt.');
}

function isStop(one: Arrival): boolean {
  return one.kind === 'given' && one.body.type === 'attempt.stopped';
}

/** Inbox messages, the claim, an earlier failure of the run, and log lines. None of them depends on the dropped input. */
function isKept(one: Arrival): boolean {
  if (one.inboxPosition !== undefined) return true;
  if (one.kind === 'given') return one.body.type === 'run.claimed' || one.body.type === 'run.failed';
  return one.kind === 'fact' && (one.fact.type === 'log' || one.fact.type === 'log.cut');
}
