import { parse, plan } from '@bufbuild/cel';
import { nearestName } from '../foundation/nearest-name';
import type { JsonObject } from '../foundation/json';
import { ENVIRONMENT } from './cel-functions';
import { estimateCelCost, MAX_POLICY_COST } from './cel-cost';
import { freeNames } from './cel-names';
import { toBindings, verdictOf } from './cel-value';
import { CEL_BEHAVIOUR, undecided, type PolicyCompilation, type PolicyAnswer, type PolicyFault } from './policy';
import { limitFault, tooLarge } from './policy-limits';
import { POLICY_ROOTS } from './policy-input';

/** Maximum number of nodes of a policy's tree after macro expansion. */
const MAX_POLICY_NODES = 2_000;

const MACRO_VARIABLE = /^@/;

/** Compiles a CEL policy. Never throws for bad input. */
export function compileCel(source: string): PolicyCompilation {
  const limit = limitFault(source);
  if (limit !== null) return { kind: 'faults', faults: [limit] };
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(source);
  } catch (error) {
    return { kind: 'faults', faults: [syntaxFault(error)] };
  }
  const positions = parsed.sourceInfo?.positions ?? {};
  if (Object.keys(positions).length > MAX_POLICY_NODES) {
    return { kind: 'faults', faults: [tooLarge(`the policy has more than ${MAX_POLICY_NODES} parts`, 0)] };
  }
  const faults = freeNames(parsed.expr).flatMap(({ name, id }): PolicyFault[] => {
    if (POLICY_ROOTS.some((root) => root === name) || MACRO_VARIABLE.test(name)) return [];
    const near = nearestName(name, POLICY_ROOTS);
    const remediation = near === null ? `a policy can read ${POLICY_ROOTS.join(', ')}` : `did you mean \`${near}\`?`;
    return [
      {
        code: 'POLICY_UNKNOWN_NAME',
        message: `there is no \`${name}\``,
        remediation,
        offset: positions[String(id)] ?? 0,
      },
    ];
  });
  if (faults.length > 0) return { kind: 'faults', faults };
  const run = plan(ENVIRONMENT, parsed);
  const evaluate = (input: JsonObject): PolicyAnswer => {
    try {
      const cost = estimateCelCost(parsed.expr, input);
      if (!(cost <= MAX_POLICY_COST))
        return undecided(`it may take ${cost.toExponential(1)} steps, more than ${MAX_POLICY_COST}`);
      const verdict = verdictOf(run(toBindings(input)));
      return 'wrong' in verdict ? undecided(verdict.wrong) : { kind: 'decided', ...verdict };
    } catch (error) {
      // Any failure inside the engine closes the gate: a policy that cannot be evaluated does not allow.
      return undecided(`it failed: ${error instanceof Error ? error.message : 'no reason given'}`);
    }
  };
  return { kind: 'policy', policy: { engine: 'cel', behaviour: CEL_BEHAVIOUR, evaluate } };
}

function syntaxFault(error: unknown): PolicyFault {
  if (error instanceof RangeError) return tooLarge('the policy is nested too deeply', 0);
  const message = error instanceof Error ? error.message.replace(/^<input>:\d+:\d+: /, '') : 'not a CEL expression';
  return {
    code: 'POLICY_SYNTAX',
    message,
    remediation: 'write one CEL expression: a boolean, or {"allow": …, "reasons": […]}',
    offset: offsetOf(error),
  };
}

/** Position at which the parser of `@bufbuild/cel` stopped. */
function offsetOf(error: unknown): number {
  const location = (error as { location?: { start?: { offset?: unknown } } } | null)?.location;
  const offset = location?.start?.offset;
  return typeof offset === 'number' ? offset : 0;
}
