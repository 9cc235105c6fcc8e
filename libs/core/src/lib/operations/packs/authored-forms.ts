import { canonical } from '../../canonical/canonical';
import { sameJson } from '../../canonical/same-json';
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json';
import type { Block, Node, Plan } from '../../plan/plan';

/**
 * The forms of a plan that was just made, in the order in which the authors of the packs wrote them: the text of a list. Null: sorting changes
 * none of them. A stored plan is canonical text (RFC 8785), which has the members of objects sorted, so people would be asked in that order.
 */
export function authoredForms({ graph }: Pick<Plan, 'graph'>): string | null {
  const forms = new Map<string, string>();
  for (const form of formsIn(graph)) {
    const [written, sorted] = [JSON.stringify(form), canonical(form)];
    if (written !== sorted && !forms.has(sorted)) forms.set(sorted, written);
  }
  return forms.size === 0 ? null : `[${[...forms.values()].join(',')}]`;
}

/** The same form in the order of its author; as the plan has it if there is none in `authored`. */
export function inAuthoredOrder(planned: JsonObject, authored: readonly Json[]): JsonObject {
  for (const form of authored) if (isJsonObject(form) && sameJson(form, planned)) return form;
  return planned;
}

/** The forms of all gates in a block, also of those in maps, loops and inner packs. */
function* formsIn({ nodes }: Block): Generator<JsonObject> {
  for (const node of nodes) {
    if (node.kind === 'gate' && node.form !== null) yield node.form;
    for (const body of bodiesOf(node)) yield* formsIn(body);
  }
}

function bodiesOf(node: Node): readonly Block[] {
  if ('body' in node) return [node.body];
  if (node.kind !== 'conditional') return [];
  return [...node.branches.map(({ body }) => body), ...(node.otherwise === null ? [] : [node.otherwise])];
}
