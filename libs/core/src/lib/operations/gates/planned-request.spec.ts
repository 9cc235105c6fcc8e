import { MemoryWorld } from '../../../testing/memory/memory-world';
import { packText, planned } from '../../../testing/planning';
import { testDefaults, testRules } from '../../../testing/random/random-plan';
import { sha256 } from '../../canonical/digest';
import type { StepId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { gateRequestOf } from '../../evidence/records/read-documents';
import type { GateRequest } from '../../gate/gate-request';
import { RunDriver } from '../driver/drive-run';
import type { GateNode } from '../../plan/plan';
import { indexPlan, nodeAt, type PlanIndex } from '../../plan/plan-index';
import { Executor, type Outcome } from '../../ports/step/executor';
import { differenceFromPlan } from '../../binding/planned-request';

// That the request of every driver agrees is a property of honest runs (evidence/verify/honest-runs.spec.ts).

interface Opened {
  readonly index: PlanIndex;
  readonly request: GateRequest;
  readonly show: Json;
}

const INPUTS = 'inputs: [ { name: region, type: string, default: eu } ]';
const APPROVALS = 'approvals: [ { id: owners, grants: [role:sec-lead], minApprovals: 2, expiresAfter: 1h } ]';
const SOURCE = JSON.stringify('{"allow": false, "reasons": ["it is late"]}');
const POLICIES = `policies: [ { id: late, engine: cel, level: soft-mandatory, source: ${SOURCE} } ]`;
const FOUND = '- { id: find, run: { uses: "builtin:transform", with: { outputs: { hits: ["CVE-1"] } } } }';
const APPLIED =
  '- { id: apply, effects: idempotent, run: { uses: "builtin:noop", with: { x: "{{ steps.find.outputs.hits }}" } } }';
const ASKS = `message: "deploy to {{ inputs.region }}?", show: { hits: "{{ steps.find.outputs.hits }}", to: "{{ inputs.region }}", note: [fixed] }`;

class Finds extends Executor {
  readonly uses = 'builtin:transform';
  async execute(): Promise<Outcome> {
    return { kind: 'succeeded', outputs: { hits: ['CVE-1'] } };
  }
}

/** The request that a driver makes for a gate. */
async function opened(steps: string, gate = 'ask'): Promise<Opened> {
  const world = new MemoryWorld();
  const text = packText(`${FOUND}\n${steps}\n${APPLIED}`, `${INPUTS}\n${APPROVALS}\n${POLICIES}`);
  const { plan } = planned(text, { region: 'eu' });
  const run = world.submit(plan, { region: 'eu' });
  const driver = await RunDriver.open(world.dependencies([new Finds()]), world.claim(run));
  if (typeof driver === 'string') throw new Error(driver);
  await driver.drive();
  const row = world.gates.get(run)?.get(gate);
  if (!row) throw new Error(`no gate ${gate}`);
  const index = indexPlan(plan, world.run(run).claimed.planHash, testDefaults, testRules);
  return { index, request: row.request as unknown as GateRequest, show: row.show };
}

const APPROVAL = `- { id: ask, gate: { approval: owners, ${ASKS} } }`;
const OVERRIDE = '- { id: ask, gate: { policy: late, overrideApproval: owners } }';
const IN_MAP = `- { id: m, map: { items: [1], label: "{{ item }}", steps: [ { id: ask, gate: { approval: owners, ${ASKS} } } ] } }`;

let approval: Opened;
let override: Opened;
let inMap: Opened;
beforeAll(async () => {
  approval = await opened(APPROVAL);
  override = await opened(OVERRIDE);
  inMap = await opened(IN_MAP, 'm[0]::ask');
});

it('is what the driver asks for', () => {
  for (const one of [approval, override, inMap]) expect(differenceFromPlan(one.index, one)).toBeNull();
});

type Change = Partial<GateRequest>;
const later = (time: string): string => new Date(Date.parse(time) + 1).toISOString();

it.each<[string, (request: GateRequest) => Change]>([
  ['the gate', () => ({ gate: 'apply' })],
  ['the gate', () => ({ gate: 'toString' })],
  ['the approval', ({ requirement }) => ({ requirement: { ...requirement, approval: 'others' } })],
  ['the grants', ({ requirement }) => ({ requirement: { ...requirement, grants: ['packs.approve'] } })],
  ['the minApprovals', ({ requirement }) => ({ requirement: { ...requirement, minApprovals: 1 } })],
  ['the selfApproval', ({ requirement }) => ({ requirement: { ...requirement, selfApproval: true } })],
  ['the proof', ({ requirement }) => ({ requirement: { ...requirement, proof: 'key' } })],
  ['the maxAuthAge', ({ requirement }) => ({ requirement: { ...requirement, maxAuthAge: 'PT1S' } })],
  ['the reasonRequired', ({ requirement }) => ({ requirement: { ...requirement, reasonRequired: true } })],
  ['the formDigest', ({ requirement }) => ({ requirement: { ...requirement, formDigest: sha256('form') } })],
  ['the actors', ({ requirement }) => ({ requirement: { ...requirement, actors: [{ iss: 'i', sub: 'robot' }] } })],
  ['the time to decide', ({ openedAt }) => ({ openedAt: later(openedAt) })],
  ['the time to execute', ({ executeBy }) => ({ executeBy: later(executeBy) })],
  ['the list of opened steps', () => ({ opens: [] })],
  ['the policy', () => ({ policy: override.request.policy })],
  ['the policy', () => ({ policy: 'late' })],
  ['the label', () => ({ label: 'prod' })],
  ['the item', () => ({ item: sha256('item') })],
  ['the list of secrets', () => ({ secrets: [{ name: 'key', version: '1' }] })],
  ['a gate that did not apply', () => ({ notApplied: ['apply'] })],
  ['the message', () => ({ message: 'deploy to us?' })],
])('is another with %s that the plan does not have', (what, change) => {
  const request = { ...approval.request, ...change(approval.request) };
  expect(differenceFromPlan(approval.index, { ...approval, request })).toMatchObject({ what });
});

it.each<[string, Json]>([
  ['the shown value to', { hits: ['CVE-1'], to: 'us', note: ['fixed'] }],
  ['the shown value note', { hits: ['CVE-1'], to: 'eu', note: [] }],
  ['the names of shown values', { hits: ['CVE-1'], to: 'eu', note: ['fixed'], more: 1 }],
  ['the names of shown values', null],
])('is another with %s: %j', (what, show) =>
  expect(differenceFromPlan(approval.index, { ...approval, show })).toMatchObject({ what }),
);

it('says nothing about values of steps and items', () => {
  const show = { hits: [], to: 'eu', note: ['fixed'] };
  const request = { ...approval.request, reads: { find: sha256('find') } };
  expect(differenceFromPlan(approval.index, { request, show })).toBeNull();
  const other = { ...inMap.request, label: 'two', item: sha256('two') };
  expect(differenceFromPlan(inMap.index, { ...inMap, request: other })).toBeNull();
});

it.each<[string, Json]>([
  ['the policy', null],
  ['the policy', { level: 'advisory' }],
  ['the policy', { digest: sha256('other') }],
  ['the verdict', { allow: true }],
  ['the message', { undecided: true }],
])('is another with %s of an override: %j', (what, change) => {
  const before = override.request.policy as Readonly<Record<string, Json>>;
  const policy = change === null ? null : { ...before, ...(change as object) };
  expect(differenceFromPlan(override.index, { ...override, request: { ...override.request, policy } })).toMatchObject({
    what,
  });
});

it('takes requests of earlier versions, which do not name their policy', () => {
  const { id: _id, level: _level, ...policy } = override.request.policy as Readonly<Record<string, Json>>;
  expect(differenceFromPlan(override.index, { ...override, request: { ...override.request, policy } })).toBeNull();
});

it('is no request of a gate whose texts have no value', () => {
  const { index, request, show } = approval;
  const nodes = new Map(index.nodes);
  const gate = nodeAt(index, 'ask' as StepId);
  nodes.set(gate.id, { ...gate, node: { ...gate.node, message: '{{ inputs.region / 2 }}' } as GateNode });
  expect(differenceFromPlan({ ...index, nodes }, { request, show })).toMatchObject({ what: 'the gate' });
});

it('is read whatever the length of its message: it is no altered document because a pack says much', async () => {
  const message = 'replace the image of the shop. '.repeat(4_000);
  const { index, request, show } = await opened(`- { id: ask, gate: { approval: owners, message: "${message}" } }`);
  expect(gateRequestOf(request as unknown as Json).message).toBe(message);
  expect(differenceFromPlan(index, { request, show })).toBeNull();
});
