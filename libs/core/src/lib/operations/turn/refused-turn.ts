import type { InputEventBody } from '../../run/run-event';
import type { Arrival } from './turn-builder';

type Outcome = Extract<InputEventBody, { type: `attempt.${string}` }>;

const REFUSED = 'ENGINE_COMMIT_REFUSED';

/**
 * The rest of a turn whose data the database refuses. First the run fails before the turn's outcomes, so that they open nothing more and
 * are recorded as they are. If that is refused too, their content is dropped, but not that and how their executions ended. Null if nothing
 * can be dropped: a run that then ended would have lost outcomes that are known.
 */
export function afterRefusal(taken: readonly Arrival[], message: string): readonly Arrival[] | null {
  const kept = taken.filter(isKept);
  const failsAlready = taken.some(
    (one) => one.kind === 'given' && one.body.type === 'run.failed' && one.inboxPosition === undefined,
  );
  if (!failsAlready) {
    const failed: InputEventBody = { type: 'run.failed', code: REFUSED, step: null, message };
    const reported = taken.filter((one) => !isKept(one) && (one.kind === 'fact' || isOutcome(one)));
    return [...kept, { kind: 'given', body: failed }, ...reported];
  }
  const outcomes = taken.flatMap((one) => (!isKept(one) && isOutcome(one) ? [one.body] : []));
  if (taken.every((one) => isKept(one) || (isOutcome(one) && !hasContent(one.body)))) return null;
  return [...kept, ...outcomes.map((body): Arrival => ({ kind: 'given', body: withoutContent(body) }))];
}

function isOutcome(one: Arrival): one is { readonly kind: 'given'; readonly body: Outcome } {
  return one.kind === 'given' && one.body.type.startsWith('attempt.');
}

/** Content: what an executor has supplied. */
function hasContent(body: Outcome): boolean {
  return body.type === 'attempt.succeeded' || (body.type === 'attempt.failed' && body.code !== REFUSED);
}

function withoutContent(body: Outcome): Outcome {
  if (!hasContent(body)) return body;
  const { step, execution } = body;
  const [exitCode, message] =
    body.type === 'attempt.failed'
      ? [body.exitCode, 'the step failed, but the database refused what it reported']
      : [null, 'the step succeeded, but the database refused its results'];
  return { type: 'attempt.failed', step, execution, code: REFUSED, message, retryable: false, exitCode };
}

/** Inbox messages, the claim, an earlier failure of the run, and log lines. None of them depends on the dropped input. */
function isKept(one: Arrival): boolean {
  if (one.inboxPosition !== undefined) return true;
  if (one.kind === 'given') return one.body.type === 'run.claimed' || one.body.type === 'run.failed';
  return one.kind === 'fact' && (one.fact.type === 'log' || one.fact.type === 'log.cut');
}
