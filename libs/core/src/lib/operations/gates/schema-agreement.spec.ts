import { digestOf } from '../../canonical/digest';
import { sha256 } from '../../canonical/digest';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import { holdInput } from '../../plan/inner-inputs';
import type { GateNode, Plan, RunNode } from '../../plan/plan';
import type { GateRow } from '../../ports/gates/gate-store';
import { checkOutcome } from '../../simulation/check-script';
import { packText, plan, planned } from '../../../testing/planning';
import { REFUSED_SCHEMAS, SCHEMA_CASES } from '../../../testing/schema-cases';
import { checkDecision } from './decision-checks';
import { DecisionError } from './decision-error';
import { checkResolvedOutputs } from './resolved-outputs';

const NOW = Date.UTC(2026, 0, 1);
const grace: Principal = {
  iss: 'https://id.test',
  sub: 'grace',
  kind: 'person',
  tenant: 'acme' as TenantId,
  name: 'Grace',
  scopes: ['packs.approve'],
  grants: [],
  actors: [],
  authTimeMs: NOW,
  acr: null,
};

const NOOP = '- { id: a, run: { uses: "builtin:noop" } }';
const kindOf = (value: Json): string => (Array.isArray(value) ? 'array' : typeof value);
const inputs = (schema: Json, type: string): string =>
  `inputs: [ { name: x, type: ${type}, schema: ${JSON.stringify(schema)} } ]`;
const gatePack = (form: Json): string =>
  packText(
    `- { id: approve, gate: { approval: owners, message: "go?", form: ${JSON.stringify(form)} } }`,
    'approvals: [ { id: owners, grants: [packs.approve] } ]',
  );
const outputsPack = (schema: Json): string =>
  packText(`- { id: a, run: { uses: "builtin:noop", outputs: { y: { schema: ${JSON.stringify(schema)} } } } }`);

const firstNode = (of: Plan): RunNode | GateNode => of.graph.nodes[0] as RunNode | GateNode;

/** Whether the gate's form takes the response. */
function isTaken(gatePlan: Plan, form: JsonObject, response: Json): boolean {
  const row = {
    runId: 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId,
    gate: 'approve',
    state: 'open',
    gateDigest: sha256('gate'),
    documents: { records: [], show: {}, request: { requirement: { grants: ['packs.approve'], minApprovals: 1, selfApproval: true, proof: 'service', maxAuthAge: null, reasonRequired: false, formDigest: digestOf(form) }, reads: {}, item: null, secrets: [] } }, // prettier-ignore
    approvals: 0,
    required: 1,
    expiresAt: NOW + 1_000,
    planHash: sha256('plan'),
    pack: { name: 'p', version: '1.0.0' },
    requester: { iss: 'https://id.test', sub: 'ada', name: 'Ada' },
    initiators: [],
    runStatus: 'waiting',
    doomed: false,
    lastDecidedAt: 0,
    decisions: [],
  } as unknown as GateRow;
  const { runId, gate, planHash, gateDigest } = row;
  const decision = { runId, gate, planHash, gateDigest, decision: 'approved' as const, reason: null, response, onBehalfOf: null, proof: null }; // prettier-ignore
  try {
    checkDecision(grace, decision, NOW, {
      row,
      token: null,
      approverKeys: { keys: [], verifySignature: () => false },
      decisionId: 'd',
      plan: gatePlan,
    });
    return true;
  } catch (error) {
    if (DecisionError.is(error) && error.code === 'GATE_RESPONSE_INVALID') return false;
    throw error;
  }
}

/** What is planned once of a schema, for all values. */
interface Places {
  readonly schema: JsonObject;
  readonly gatePlan: Plan;
  readonly node: RunNode;
}

function placesOf(schema: JsonObject): Places {
  const node = firstNode(planned(outputsPack(schema)).plan) as RunNode;
  return { schema, gatePlan: planned(gatePack(schema)).plan, node };
}

/** What each place says of a value. */
function verdicts({ schema, gatePlan, node }: Places, value: Json): Readonly<Record<string, boolean>> {
  const type = kindOf(value);
  const resolves = (): boolean => {
    try {
      checkResolvedOutputs(node, { y: value });
      return true;
    } catch (error) {
      if (DecisionError.is(error)) return false;
      throw error;
    }
  };
  const scripted: string[] = [];
  checkOutcome(node, { outputs: { y: value } }, '', (path) => scripted.push(path));
  const planning = plan(packText(NOOP, inputs(schema, type)), { x: value });
  const rule = { name: 'x', type, required: true, default: null, enum: null, schema };
  return {
    planner: planning.kind === 'planned',
    form: isTaken(gatePlan, schema, value),
    inner: holdInput(rule, value).kind === 'value',
    resolved: resolves(),
    scripted: scripted.length === 0,
  };
}

const ALL = (verdict: boolean) => ({ planner: verdict, form: verdict, inner: verdict, resolved: verdict, scripted: verdict }); // prettier-ignore
const ODD: readonly Json[] = ['2020-01-01', 1, 1.5, true, [], ['a', 1], {}, { a: 1 }, { toString: 1 }];

it.each(SCHEMA_CASES.map((one) => [one.name, one] as const))(
  'planner, form, inner pack, resolved outputs and scripts agree about %s',
  (_, { schema, fits, fails }) => {
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) throw new TypeError('not an object');
    const places = placesOf(schema as JsonObject);
    for (const value of fits) expect([value, verdicts(places, value)]).toEqual([value, ALL(true)]);
    for (const value of fails) expect([value, verdicts(places, value)]).toEqual([value, ALL(false)]);
    for (const value of ODD) {
      const found = verdicts(places, value);
      expect([value, found]).toEqual([value, ALL(found['planner'] === true)]);
    }
  },
);

describe.each(REFUSED_SCHEMAS)('%s', (_, schema, pointer) => {
  // As the row of a table shows it: the manifest is refused at a line and a column.
  it.each([
    ['an input', packText(NOOP, inputs(schema, 'object')), '/spec/inputs/0/schema'],
    ['a form', gatePack(schema), '/spec/steps/0/gate/form'],
    ['an output', outputsPack(schema), '/spec/steps/0/run/outputs/y/schema'],
    ['a parameter', packText(`- { id: a, run: { uses: "builtin:validate-schema", with: { target: 1, schema: ${JSON.stringify(schema)} } } }`), '/spec/steps/0/run/with/schema'], // prettier-ignore
  ])('is refused at its place in %s', (_where, text, at) => {
    const planning = plan(text);
    if (planning.kind === 'planned') throw new Error('planned');
    const [fault] = planning.faults;
    expect(fault).toMatchObject({ code: 'SCHEMA_INVALID', path: `${at}${pointer}` });
    const { line, column } = fault ?? {};
    const shown = text.split('\n')[(line ?? 0) - 1]?.slice((column ?? 0) - 1) ?? '';
    const keys = pointer.split('/').at(-1)?.replaceAll('~1', '/') ?? '';
    const member = pointer
      .split('/')
      .slice(1)
      .reduce<Json>((part, name) => (part as JsonObject)[name] ?? null, schema);
    expect([JSON.stringify(keys), JSON.stringify(member)].some((one) => shown.startsWith(one))).toBe(true);
  });
});
