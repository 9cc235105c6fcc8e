import { outcomeWord, type Report } from '@taskrunner/core/evidence';
import { nodeOf } from '../../run/run-view';

type Contents = NonNullable<Report['contents']>;

/** Steps that may act although no approval rule stands before them in every case. */
interface Unapproved {
  /** No policy of this run stands before them. */
  readonly free: readonly string[];
  /** Behind a policy, which asks people only if it denies. */
  readonly byPolicy: readonly { readonly step: string; readonly gates: readonly string[] }[];
}

type Run = Pick<Contents, 'plan' | 'gates' | 'policies'>;

/** Steps that the plan lists as without an approval, by what stands before them. */
export function unapprovedSteps({ plan, gates, policies }: Run): Unapproved {
  const guards = policyGuards(plan.steps, new Set(policies.map(({ gate }) => nodeOf(gate))));
  const ends = new Map(gates.map((gate) => [nodeOf(gate.gate), outcomeWord(gate)]));
  const found = plan.ungatedEffects.map((step) => ({ step, gates: [...(guards.get(step) ?? [])].sort() }));
  return {
    free: found.filter((one) => one.gates.length === 0).map(({ step }) => step),
    byPolicy: found
      .filter((one) => one.gates.length > 0)
      .map(({ step, gates: behind }) => ({
        step,
        gates: behind.map((gate) => (ends.has(gate) ? `${gate} (${ends.get(gate) ?? ''})` : gate)),
      })),
  };
}

/** The gates with a policy that each step of a plan waits for, also through its containers. */
function policyGuards(
  steps: Contents['plan']['steps'],
  isPolicy: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const before = new Map<string, readonly string[]>();
  const around: string[] = [];
  for (const { id, depth, needs } of steps) {
    around.length = depth;
    const cut = id.lastIndexOf('::');
    const scope = cut < 0 ? '' : id.slice(0, cut + 2);
    before.set(id, [...needs.map((need) => `${scope}${need}`), ...around.slice(-1)]);
    around.push(id);
  }
  const guards = new Map<string, ReadonlySet<string>>();
  const guardsOf = (id: string): ReadonlySet<string> => {
    const known = guards.get(id);
    if (known !== undefined) return known;
    // A plan has no cycles; a forged one must not hang the page.
    guards.set(id, new Set());
    const found = (before.get(id) ?? []).flatMap((one) => [...(isPolicy.has(one) ? [one] : []), ...guardsOf(one)]);
    guards.set(id, new Set(found));
    return guards.get(id) ?? new Set();
  };
  for (const id of before.keys()) guardsOf(id);
  return guards;
}
