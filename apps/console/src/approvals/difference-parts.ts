import type { PlanChange, PlanDiff } from '@taskrunner/client';
import { graphOf, type Plan } from '@taskrunner/core/plan';

/** Parts of a plan besides inputs and steps, in the order in which people look at them. */
const PARTS: readonly (readonly [part: string, title: string])[] = [
  ['approvals', 'Approvals'],
  ['policies', 'Policies'],
  ['secrets', 'Secrets'],
  ['sandbox', 'Sandbox'],
  ['executors', 'Executors'],
  ['outputs', 'Outputs'],
  ['messages', 'Messages'],
  ['timeouts', 'Timeouts'],
  ['concurrency', 'Concurrency'],
  ['pack', 'Pack'],
];

/** A part of a plan that differs. */
interface ChangedPart {
  readonly title: string;
  readonly changes: readonly PlanChange[];
}

/** The difference between two plans as an approver reads it: first what the run was asked to do, then how it does it. */
export interface DifferenceParts {
  readonly inputs: readonly PlanChange[];
  readonly steps: PlanDiff['steps'];
  readonly rest: readonly ChangedPart[];
  /** Names of what is equal in both plans; null: the later plan is not known. */
  readonly unchanged: {
    readonly inputs: readonly string[];
    readonly steps: readonly string[];
    readonly parts: readonly string[];
  } | null;
}

/** Sorts a difference. `plan`: the later plan; null: it is not known. */
export function differenceParts({ parts, steps }: PlanDiff, plan: Plan | null): DifferenceParts {
  const titles = new Map(PARTS);
  const changed = Object.keys(parts).filter((part) => part !== 'inputs' && (parts[part]?.length ?? 0) > 0);
  const inputs = parts['inputs'] ?? [];
  // A part of a later version of the server, which has no title here, is shown by its name.
  const known = PARTS.map(([part]) => part).filter((part) => changed.includes(part));
  const others = changed.filter((part) => !titles.has(part));
  return {
    inputs,
    steps,
    rest: [...known, ...others].map((part) => ({ title: titles.get(part) ?? part, changes: parts[part] ?? [] })),
    unchanged: plan && {
      inputs: Object.keys(plan.inputs).filter((name) => !inputs.some(({ path }) => nameIn(path) === name)),
      steps: graphOf(plan, '').nodes.flatMap(({ id }) => (steps.some((step) => step.id === id) ? [] : [id])),
      parts: PARTS.flatMap(([part, title]) => (changed.includes(part) ? [] : [title])),
    },
  };
}

/** The place of a change without the escapes of a JSON pointer: `hosts/0`; empty: the whole part. */
export function placeText(path: string): string {
  return path.slice(1).split('/').map(unescaped).join('/');
}

function nameIn(path: string): string {
  return unescaped(path.split('/')[1] ?? '');
}

function unescaped(member: string): string {
  return member.replaceAll('~1', '/').replaceAll('~0', '~');
}
