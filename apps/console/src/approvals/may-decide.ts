import type { Gate } from '../api/views';

/** What a page knows when it asks whether its buttons work. */
export interface Reading {
  readonly gate: Pick<Gate, 'canDecide' | 'request' | 'status'>;
  /** The end of the request has been on the screen. */
  readonly isRead: boolean;
  /** The digests of what is shown are those of the gate; null: not known yet. */
  readonly isGenuine: boolean | null;
  readonly reason: string;
}

/** Why a decision is not possible now; null: it is. `decision`: an approval may need more than the console can give. */
export function obstacleTo(
  decision: 'approved' | 'rejected',
  { gate, isRead, isGenuine, reason }: Reading,
): string | null {
  if (gate.status !== 'open' || !gate.canDecide) return 'You cannot decide here.';
  if (isGenuine === false) return 'What is shown is not what the digest stands for.';
  if (isGenuine === null) return 'The digest is being compared.';
  if (!isRead) return 'Read the request to its end first.';
  const { proof, formDigest, reasonRequired } = gate.request.requirement;
  if (proof !== 'service') return 'This gate asks for a proof of your own. Decide with `taskrunner approve`.';
  if (decision === 'approved' && formDigest !== null) return 'This gate has a form. Approve with `taskrunner approve`.';
  if (reasonRequired && reason.trim() === '') return 'This gate asks for a reason.';
  return null;
}
