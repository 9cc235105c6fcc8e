import { CodedError } from '@taskrunner/core/foundation';
import type { GateView } from '../server/run-views';
import { EXIT, type ExitCode } from '../terminal/exit-code';

/** What the server would answer. It is about the person or the gate, and is known before anything is asked. */
type Objection =
  | 'GATE_SELF_APPROVAL'
  | 'GATE_GRANT_MISSING'
  | 'GATE_NOT_A_PERSON'
  | 'GATE_AUTH_TOO_OLD'
  | 'GATE_DECIDED'
  | 'GATE_EXPIRED'
  | 'RUN_ENDED';

/** A decision that this person cannot make. */
export class CannotDecide extends CodedError<Objection> {
  static {
    this.brand('CannotDecide');
  }

  override readonly name = 'CannotDecide';

  get exitCode(): ExitCode {
    // As for the answers of the server.
    if (this.code === 'GATE_EXPIRED') return EXIT.GATE;
    return this.code === 'GATE_DECIDED' || this.code === 'RUN_ENDED' ? EXIT.FAILED : EXIT.DENIED;
  }
}

/** The part of a gate that says whether a person may decide. */
type Deciding = Pick<GateView, 'canDecide' | 'why' | 'request' | 'until' | 'decisions'>;

/** The person of the token, with what it grants. */
interface Caller {
  readonly person: { readonly iss: string; readonly sub: string };
  readonly scopes: readonly string[];
  readonly grants: readonly string[];
}

type DecisionName = 'approved' | 'rejected' | 'withdrawn';

/**
 * Why this person cannot decide, before a question is asked; null: the server decides. A decision that this person has made already may be
 * sent again, and the answer is then the record of the first, unless the gate has expired. `me` is asked for only if this matters.
 */
export async function objectionTo(
  decision: DecisionName,
  gate: Deciding,
  me: () => Promise<Caller>,
): Promise<CannotDecide | null> {
  const { canDecide, why, until } = gate;
  if (canDecide) return null;
  const help = 'No decision was made. `taskrunner gates RUN` shows all gates of the run and their decisions.';
  switch (why) {
    case 'GATE_DECIDED':
    case 'RUN_ENDED':
      if ((await ownDecision(decision, gate, me)) !== null) return null;
      if (why === 'GATE_DECIDED')
        return new CannotDecide(why, `the gate has already been decided${lastDecision(gate)}`, help);
      return new CannotDecide(why, 'the run has ended or is ending', help);
    case 'GATE_EXPIRED': {
      // Not the record of the first, as if it had opened the gate.
      const own = await ownDecision(decision, gate, me);
      const enough = own === null ? '' : `; you ${own.decision} at ${own.decidedAt}, which was not enough`;
      return new CannotDecide(
        why,
        `the time to decide expired at ${until ?? 'an unknown time'}${enough}`,
        'Start the run again.',
      );
    }
    default:
      return objectionToPerson(decision, gate, me);
  }
}

/** This decision of this person, if they have made it and it stands; null otherwise. */
async function ownDecision(
  decision: DecisionName,
  { decisions = [] }: Deciding,
  me: () => Promise<Caller>,
): Promise<NonNullable<Deciding['decisions']>[number] | null> {
  const same = decisions.filter((one) => one.decision === decision && one.withdrawn !== true);
  if (same.length === 0) return null;
  const { iss, sub } = (await me()).person;
  return same.find(({ person }) => person.iss === iss && person.sub === sub) ?? null;
}

function lastDecision({ decisions = [] }: Deciding): string {
  const last = decisions.findLast((one) => one.decision !== 'withdrawn' && one.withdrawn !== true);
  return last === undefined ? '' : `: ${last.decision} by ${last.person.sub} of ${last.person.iss}, ${last.decidedAt}`;
}

async function objectionToPerson(
  decision: DecisionName,
  { why, request }: Deciding,
  me: () => Promise<Caller>,
): Promise<CannotDecide | null> {
  const { grants } = request.requirement;
  const needed = [...new Set(['packs.approve', ...grants])];
  switch (why) {
    case 'GATE_SELF_APPROVAL':
      if (decision === 'withdrawn') return null;
      return new CannotDecide(why, 'an initiator of the run cannot decide', 'Ask another person to decide.');
    case 'GATE_GRANT_MISSING':
      return new CannotDecide(
        why,
        lackText(needed, await me()),
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

/** What a gate needs and a token does not have. `packs.approve` is a scope, all else are grants. */
function lackText(needed: readonly string[], { scopes, grants }: Caller): string {
  const lacked = needed.filter((one) => !(one === 'packs.approve' ? scopes : grants).includes(one));
  // None, if the token is another one meanwhile.
  return `your token lacks ${lacked.length === 0 ? `one of ${needed.join(', ')}` : lacked.join(', ')}, which the gate needs`;
}
