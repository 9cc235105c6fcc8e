import { CodedError } from '@taskrunner/core/foundation';
import type { GateView } from '../server/run-views';
import { EXIT, type ExitCode } from '../terminal/exit-code';

/** What the server would answer. It is about the person, and is known before anything is asked. */
type Objection = 'GATE_SELF_APPROVAL' | 'GATE_GRANT_MISSING' | 'GATE_NOT_A_PERSON' | 'GATE_AUTH_TOO_OLD';

/** A decision that this person cannot make. */
export class CannotDecide extends CodedError<Objection> {
  static {
    this.brand('CannotDecide');
  }

  override readonly name = 'CannotDecide';

  get exitCode(): ExitCode {
    return EXIT.DENIED;
  }
}

/**
 * Why this person cannot decide, before a question is asked; null: the server decides. States of the gate are left to the server, because a
 * decision may be sent again, and the answer is then the record of the first.
 */
export function objectionTo(
  decision: 'approved' | 'rejected' | 'withdrawn',
  { canDecide, why, request }: Pick<GateView, 'canDecide' | 'why' | 'request'>,
): CannotDecide | null {
  if (canDecide) return null;
  const { grants } = request.requirement;
  const needed = [...new Set(['packs.approve', ...grants])];
  switch (why) {
    case 'GATE_SELF_APPROVAL':
      if (decision === 'withdrawn') return null;
      return new CannotDecide(why, 'an initiator of the run cannot decide', 'Ask another person to decide.');
    case 'GATE_GRANT_MISSING':
      return new CannotDecide(
        why,
        needed.length === 1
          ? `your token lacks ${needed.join('')}, which the gate needs`
          : `your token lacks one of ${needed.join(', ')}, which the gate needs`,
        'Ask another person to decide: one who has what is needed and did not start the run.',
      );
    case 'GATE_NOT_A_PERSON':
      return new CannotDecide(why, 'only people can decide', 'Sign in as a person, or ask another person to decide.');
    case 'GATE_AUTH_TOO_OLD':
      return new CannotDecide(why, 'your sign-in is too old for this gate', 'Sign in again, then decide.');
    default:
      return null;
  }
}
