import { nodeOf } from '../../plan/place';
import type { StepId } from '../../foundation/ids';
import { isOverride, outcomeWord } from './gate-words';
import { joined, q, type Words } from './page';
import type { ReportContents } from './report';

/** Steps that the plan lists as without an approval gate, and what a reader is told of them. */
export interface UnapprovedSteps {
  /** Without its colon. */
  readonly text: string;
  /** `gates`: the policies before the step, each with how it ended in this run: `check (overridden)`. */
  readonly steps: readonly { readonly step: string; readonly gates: readonly string[] }[];
}

type Run = Pick<ReportContents, 'plan' | 'gates' | 'policies'>;

/**
 * Steps that may act although no approval gate stands before them, by what does: nothing, a policy whose denial people overrode, another policy.
 * The first is always there, the others only if they have steps.
 */
export function unapprovedSteps(run: Run): readonly UnapprovedSteps[] {
  const { plan, policies } = run;
  const guards = policyGuards(plan.steps, new Set(policies.map(({ gate }) => nodeOf(gate as StepId))));
  const found = plan.ungatedEffects.map((step) => {
    const gates = [...(guards.get(step) ?? [])].sort().map((gate) => ({ gate, ends: endsAt(gate, run) }));
    return {
      step,
      gates: gates.map(({ gate, ends }) => `${gate} (${ends.join(' or ')})`),
      isOverridden: gates.some(({ ends }) => ends.length === 1 && ends[0] === OVERRIDDEN),
    };
  });
  const some = (text: string, steps: typeof found): UnapprovedSteps => {
    return { text, steps: steps.map(({ step, gates }) => ({ step, gates })) };
  };
  const behind = found.filter(({ gates }) => gates.length > 0);
  return [
    some(
      'Steps with effects that neither an approval gate nor a policy stands before',
      found.filter(({ gates }) => gates.length === 0),
    ),
    ...[
      some(
        'Steps with effects behind a policy whose denial people overrode',
        behind.filter(({ isOverridden }) => isOverridden),
      ),
      some(
        'Steps with effects behind a policy, which asks people only if it denies',
        behind.filter(({ isOverridden }) => !isOverridden),
      ),
    ].filter(({ steps }) => steps.length > 0),
  ];
}

/** A sentence of the report. */
export function unapprovedWords({ text, steps }: UnapprovedSteps): Words {
  const named = steps.map(({ step, gates }): Words => {
    return [q(step), ...(gates.length === 0 ? [] : [' behind ', ...joined(gates.map((gate) => [q(gate)]))])];
  });
  return [`${text}: `, ...(named.length === 0 ? ['none'] : joined(named)), '.'];
}

const OVERRIDDEN = outcomeWord({ outcome: 'approved', request: { policy: {} } as never });

/** How a gate with a policy ended, each word once: in a map it may end in several ways. */
function endsAt(node: string, { gates, policies }: Run): readonly string[] {
  const ends = policies
    .filter(({ gate }) => nodeOf(gate as StepId) === node)
    .map(({ gate, result }) => {
      const asked = gates.find((one) => one.gate === gate && isOverride(one));
      return asked === undefined ? result : outcomeWord(asked);
    });
  return [...new Set(ends)].sort();
}

/** The gates with a policy that each step of a plan waits for, also through its containers. */
function policyGuards(
  steps: ReportContents['plan']['steps'],
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
    // A plan has no cycles; a forged one must not hang the reader.
    guards.set(id, new Set());
    const found = (before.get(id) ?? []).flatMap((one) => [...(isPolicy.has(one) ? [one] : []), ...guardsOf(one)]);
    guards.set(id, new Set(found));
    return guards.get(id) ?? new Set();
  };
  for (const id of before.keys()) guardsOf(id);
  return guards;
}
