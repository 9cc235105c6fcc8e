import { verdictAt } from '../../binding/policy-at';
import type { BindingContext } from '../../binding/scope';
import type { StepId } from '../../foundation/ids';
import { shortenVerdict, verdictText, type ShownVerdict } from '../../gate/policy-verdict';

/** Maximum number of policy reasons in a row, and maximum characters of each. */
interface ReasonBounds {
  readonly count: number;
  readonly characters: number;
}

/** In the step's row, which is the only place for the reasons of a gate that never opened. */
export const STEP_REASONS: ReasonBounds = { count: 64, characters: 1_000 };
/** In the run's row: in its error and in each of its waits. */
export const RUN_REASONS: ReasonBounds = { count: 10, characters: 500 };

/** Why a gate did not pass: what rows add to the code, because the machine derives only the code. */
interface GateOutcomeShown {
  readonly message: string | null;
  /** The policy verdict; null if the gate has no policy. */
  readonly policy: ShownVerdict | null;
}

/** Why the gate at a step failed, as text and with the policy verdict. Empty for a step that is not a gate or has not failed. */
export function gateOutcomeAt(
  context: Pick<BindingContext, 'index' | 'results'>,
  step: StepId,
  { count, characters }: ReasonBounds,
): GateOutcomeShown {
  const result = context.results.get(step);
  const verdict = verdictAt(context, step);
  const policy = verdict && shortenVerdict(verdict, count, characters);
  if (result?.status !== 'failed') return { message: null, policy };
  switch (result.code) {
    case 'POLICY_DENIED':
    case 'POLICY_UNDECIDED':
      return { message: policy && verdictText(policy), policy };
    case 'GATE_REJECTED': {
      const rejection = result.gate?.decisions.findLast(({ decision }) => decision === 'rejected');
      const by = rejection ? ` by ${rejection.person.sub} of ${rejection.person.iss}` : '';
      return { message: `the gate was rejected${by}`, policy };
    }
    case 'GATE_EXPIRED': {
      const { gate } = result;
      const until = gate ? ` by ${new Date(gate.expiresAt).toISOString()}` : '';
      return { message: `the gate was not approved in time${until}`, policy };
    }
    default:
      return { message: null, policy };
  }
}
