import type { Gate, RunGate } from '@taskrunner/client';
import { gateOutcomeWord, type GateOutcome } from '@taskrunner/core/gate';
import { reasonText } from '../../approvals/decision/reasons';

/** Statuses of gates that people opened or ended, which therefore have a request to look at. */
const ENDED: ReadonlySet<string> = new Set(['approved', 'rejected', 'expired', 'closed']);

type Facts = Pick<RunGate, 'status' | 'decisions' | 'policy' | 'gateDigest' | 'reason'>;

/** True of a gate at which people were asked, and that is over. */
export function wasDecided({ status, gateDigest }: Pick<RunGate, 'status' | 'gateDigest'>): boolean {
  return gateDigest !== null && ENDED.has(status);
}

/** How a gate ended, who decided and why: `approved by Grace`, `overridden by Grace. Reason: urgent`, `rejected by Grace. Reason: not today`. */
export function gateEnd({ status, decisions, policy, reason }: Facts): string {
  const kind = status === 'rejected' ? 'rejected' : 'approved';
  const counting = decisions.filter(({ decision, withdrawn }) => decision === kind && !withdrawn);
  const by = status === 'approved' || status === 'rejected' ? counting.map(nameOf).join(' and ') : '';
  const said =
    policy !== null && isOutcome(status)
      ? gateOutcomeWord(status, true)
      : status === 'closed'
        ? 'closed without a decision'
        : status;
  const code = by === '' && reason !== null ? ` (${reason})` : '';
  return `${said}${by === '' ? '' : ` by ${by}`}${by === '' ? '' : reasonsOf(counting)}${code}`;
}

/** Reasons of several people are named with them. */
function reasonsOf(counting: Facts['decisions']): string {
  const stated = counting.filter(({ reason }) => reason !== null && reason !== '');
  if (stated.length === 0) return '';
  if (counting.length === 1) return `. Reason: ${stated[0]?.reason ?? ''}`;
  return `. Reasons: ${stated.map((one) => `${nameOf(one)}: ${one.reason ?? ''}`).join('; ')}`;
}

function isOutcome(status: string): status is GateOutcome {
  return ENDED.has(status);
}

function nameOf({ person }: Facts['decisions'][number]): string {
  return person.name ?? person.sub;
}

/** Who may decide, and what the person can do. */
export function gateText({
  approvals,
  required,
  request: { requirement },
  canDecide,
  why,
}: Pick<Gate, 'approvals' | 'required' | 'request' | 'canDecide' | 'why'>): string {
  const grants = requirement.grants.filter((grant) => grant !== 'packs.approve');
  const whoMay = grants.length === 0 ? 'people who may approve' : `people with the grant ${grants.join(' and ')}`;
  const but = requirement.selfApproval ? '' : ', but not who requested the run';
  const cannot = why === 'GATE_ALREADY_COUNTED' ? reasonText(why) : 'You cannot decide.';
  const you = canDecide ? 'You can decide.' : cannot;
  return `${approvals} of ${required} approvals by ${whoMay}${but}. ${you}`;
}
