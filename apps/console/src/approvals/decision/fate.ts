import type { Decision } from '@taskrunner/client';
import { gateDecisionWord } from '@taskrunner/core/gate';
import { fullText } from '../../frame/time';
import type { Attempt } from './attempt';
import { decisionNoun, decisionParticiple } from './override';
import { reasonText } from './reasons';

/** What became of a decision that was sent from this tab. */
export type Fate =
  /** The answer was lost, and the decision is recorded as it was sent. */
  | { readonly kind: 'arrived' }
  /** The person had decided the same elsewhere, with another reason; null: the page does not show that decision. */
  | { readonly kind: 'already'; readonly earlier: Decision | null }
  /** The answer was lost, and the decision is not recorded. */
  | { readonly kind: 'lost' }
  /** `faster`: a decision of the person that came first from elsewhere; null: the reason is another. */
  | { readonly kind: 'refused'; readonly code: string; readonly faster: Decision | null };

const OVERTAKEN: ReadonlySet<string> = new Set(['GATE_DECIDED', 'GATE_ALREADY_COUNTED']);

/**
 * Compares an attempt with what the gate lists now. `own`: all decisions of the person, in order. `hasForm`: the form from which the attempt
 * may have come is still there and says itself what went wrong; then the fate is null unless the person has decided since.
 */
export function fateOf(attempt: Attempt, own: readonly Decision[], hasForm: boolean): Fate | null {
  const { decision, reason, before, end } = attempt;
  const since = own.slice(own.findIndex(({ decisionId }) => decisionId === before) + 1);
  const same = since.filter((one) => one.decision === decision);
  if (end === 'already') return { kind: 'already', earlier: same.at(0) ?? null };
  if (since.length === 0 && hasForm) return null;
  if (end !== 'unanswered') {
    const faster = since.findLast((one) => one.decision !== 'withdrawn' && !one.withdrawn) ?? null;
    return { kind: 'refused', code: end, faster: OVERTAKEN.has(end) ? faster : null };
  }
  if (same.some((one) => (one.reason ?? '') === reason)) return { kind: 'arrived' };
  return same.length > 0 ? { kind: 'already', earlier: same.at(-1) ?? null } : { kind: 'lost' };
}

/** The fate in words. They end with a colon if the reason follows, and with a full stop if none was given. */
export function fateText(
  fate: Fate,
  { decision, reason }: Pick<Attempt, 'decision' | 'reason'>,
  override = false,
): string {
  const noun = decisionNoun(decision, override);
  const unrecorded = reason === '' ? '' : ' This reason was not recorded:';
  switch (fate.kind) {
    case 'arrived':
      return `The answer was lost. Your ${noun} arrived${reason === '' ? ', without a reason.' : ', with this reason:'}`;
    case 'already': {
      const at = fate.earlier === null ? '' : ` at ${fullText(fate.earlier.decidedAt)}`;
      return `You had already ${decisionParticiple(decision, override)}${at} in another tab or program.${unrecorded}`;
    }
    case 'lost':
      return `The answer was lost, and your ${noun} is not recorded.${unrecorded}`;
    case 'refused': {
      const { code, faster } = fate;
      const why =
        faster === null
          ? reasonText(code)
          : `you ${gateDecisionWord(faster.decision, override)} at ${fullText(faster.decidedAt)} in another tab or program.`;
      return `Your ${noun} was refused (${code}): ${why}${unrecorded}`;
    }
  }
}
