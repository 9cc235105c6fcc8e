import { canonical } from '../../canonical/canonical';
import type { Json, JsonObject } from '../../foundation/json';
import type { Block, Plan } from '../../plan/plan';
import { packText, planned } from '../../../testing/planning';
import { authoredForms, inAuthoredOrder } from './authored-forms';

const gate = (id: string, form: string) => `- { id: ${id}, gate: { approval: owners, message: go, form: ${form} } }`;
const FORM =
  '{ type: object, required: [seats], properties: { window: { type: string, enum: [night, day] }, seats: { type: integer }, alarm: { type: boolean } } }';
const packWith = (steps: string) => packText(steps, 'approvals: [ { id: owners } ]');
const namesIn = (form: JsonObject | null) => Object.keys((form?.['properties'] ?? {}) as JsonObject);

/** The form of a gate, at any depth. */
function formIn({ nodes }: Block, id: string): JsonObject {
  for (const node of nodes) {
    if (node.kind === 'gate' && node.id === id && node.form !== null) return node.form;
    if ('body' in node) return formIn(node.body, id);
  }
  throw new Error(`no gate ${id}`);
}

/** The plan as it is stored, and the list of forms that is stored beside it. */
function stored(manifest: string): { readonly plan: Plan; readonly authored: readonly Json[] } {
  const { plan } = planned(manifest);
  const text = authoredForms(plan);
  return {
    plan: JSON.parse(canonical(plan as unknown as Json)) as Plan,
    authored: text === null ? [] : (JSON.parse(text) as readonly Json[]),
  };
}

it('keep the order of the author, which a stored plan does not keep', () => {
  const { plan, authored } = stored(packWith(gate('ask', FORM)));
  const form = formIn(plan.graph, 'ask');
  expect(namesIn(form)).toEqual(['alarm', 'seats', 'window']);
  const found = inAuthoredOrder(form, authored);
  expect(namesIn(found)).toEqual(['window', 'seats', 'alarm']);
  expect(found).toEqual(form);
});

it('are those of all gates, also in maps and branches, each once', () => {
  const other = '{ type: object, properties: { b: {}, a: {} } }';
  const inner = (id: string, form: string) => gate(id, form).slice('- '.length);
  const { plan, authored } = stored(
    packWith(`${gate('one', FORM)}
- { id: each, map: { items: [1], steps: [ ${inner('two', other)} ] } }
- { id: choice, conditional: { branches: [ { when: "{{ true }}", steps: [ ${inner('three', FORM)} ] } ] } }`),
  );
  expect(authored.map((form) => namesIn(form as JsonObject))).toEqual([
    ['window', 'seats', 'alarm'],
    ['b', 'a'],
  ]);
  expect(namesIn(inAuthoredOrder(formIn(plan.graph, 'two'), authored))).toEqual(['b', 'a']);
});

it('are not stored where sorting changes nothing', () => {
  expect(stored(packWith(gate('ask', '{ properties: { a: {}, b: {} }, type: object }'))).authored).toEqual([]);
  expect(stored(packText('- { id: act, run: { uses: "builtin:noop" } }')).authored).toEqual([]);
});

it('are not used if they differ from that of the plan in anything besides the order', () => {
  const { plan, authored } = stored(packWith(gate('ask', FORM)));
  const form = formIn(plan.graph, 'ask');
  const [own = null] = authored;
  const { required: _left, ...altered } = own as JsonObject;
  for (const list of [[], [null, 7, []], [altered]]) expect(inAuthoredOrder(form, list)).toBe(form);
});
