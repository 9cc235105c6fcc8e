import type { Json } from '@taskrunner/core/foundation';
import { nodeOf } from './run-view';

/** Something that the parameters of a step refer to. */
export type Read =
  | { readonly kind: 'input'; readonly name: string; readonly value: Json }
  | { readonly kind: 'step'; readonly id: string }
  /** The item of a map or loop; `id` is that of its step. */
  | { readonly kind: 'item'; readonly id: string };

/** What a step reads: its parameters as the plan has them, and what they refer to. */
interface StepReads {
  readonly parameters: Json;
  readonly reads: readonly Read[];
}

interface PlanNode {
  readonly id: string;
  readonly kind: string;
  readonly with?: Json;
  readonly env?: Json;
  readonly files?: Json;
}

/** Containers whose steps have a scope of their own. */
const SCOPES: ReadonlySet<string> = new Set(['map', 'loop', 'pack']);
const INPUT = /\binputs\.([A-Za-z_][\w-]*)/g;
/** The name that the items of a map have unless the pack gives another. */
const ITEM = /\{\{[^}]*\bitem\b/;
const STEP = /\bsteps\.([A-Za-z_][\w-]*)/g;

/** What a step of a plan reads. Null: the plan has no such step, or it reads nothing. */
export function readsOf(plan: Readonly<Record<string, unknown>>, step: string): StepReads | null {
  const node = findNode(plan['graph'], '', nodeOf(step));
  if (node === null) return null;
  const { with: parameters = {}, env = {}, files = {} } = node;
  const text = JSON.stringify([parameters, env, files]);
  const scope = step.includes('::') ? step.slice(0, step.lastIndexOf('::') + 2) : '';
  const inputs = (plan['inputs'] ?? {}) as Readonly<Record<string, Json>>;
  // Inside of an inner pack, `inputs` are those of that pack, whose values the plan does not have.
  const isInner = scope !== '' && !/^(?:[^:]|:(?!:))*\[\d+\]::$/.test(scope);
  const reads = [
    ...(isInner ? [] : namesIn(text, INPUT).filter((name) => name in inputs)).map((name): Read => ({
      kind: 'input',
      name,
      value: inputs[name] ?? null,
    })),
    ...(ITEM.test(text) && /\[\d+\]::/.test(step)
      ? [{ kind: 'item' as const, id: step.slice(0, step.lastIndexOf(']') + 1) }]
      : []),
    ...namesIn(text, STEP).map((name): Read => ({ kind: 'step', id: `${scope}${name}` })),
  ];
  const shown = Object.fromEntries(
    Object.entries({ with: parameters, env, files }).filter(([, value]) => !isEmpty(value)),
  );
  return reads.length === 0 && Object.keys(shown).length === 0 ? null : { parameters: shown, reads };
}

function namesIn(text: string, pattern: RegExp): readonly string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();
}

function isEmpty(value: Json): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** The node at a place: a walk over the blocks of a plan, whichever members they are in. */
function findNode(part: unknown, scope: string, place: string): PlanNode | null {
  if (typeof part !== 'object' || part === null) return null;
  if (Array.isArray(part)) {
    for (const one of part) {
      const found = findNode(one, scope, place);
      if (found !== null) return found;
    }
    return null;
  }
  let inside = scope;
  if (isNode(part)) {
    const here = `${scope}${part.id}`;
    if (here === place) return part;
    if (SCOPES.has(part.kind)) inside = `${here}::`;
  }
  for (const [name, value] of Object.entries(part)) {
    if (!['nodes', 'body', 'branches', 'otherwise'].includes(name)) continue;
    const found = findNode(value, inside, place);
    if (found !== null) return found;
  }
  return null;
}

function isNode(part: object): part is PlanNode {
  return 'id' in part && 'kind' in part;
}
