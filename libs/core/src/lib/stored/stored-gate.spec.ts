import { canonical } from '../canonical/canonical';
import { digestOf, sha256 } from '../canonical/digest';
import { PAYLOAD_TYPE, type DecisionRecord, type GateRequest } from '../evidence/records/documents';
import { sealEnvelope, type Envelope } from '../evidence/encoding/envelope';
import type { Json } from '../foundation/json';
import { anAdmission, comparedGate, storedDecision, storedGate } from '../../testing/stored-documents';
import { ComparedJson } from './compared-json';
import { alarmOf, compareEach, DocumentAltered } from './document-altered';
import { KnownAdmissions } from './stored-admission';
import { GateDocuments, type StoredDecision, type StoredGate } from './stored-gate';

const admission = anAdmission();
const show = { findings: ['CVE-1'] };
const AT = '2026-01-01T00:00:00.000Z';

const request: GateRequest = {
  schema: 'taskrunner.gate-request.v1',
  runId: admission.runId,
  tenant: admission.tenant,
  gate: 'approve',
  label: null,
  planHash: admission.planHash,
  profileDigest: admission.profileDigest,
  admissionDigest: admission.admissionDigest,
  requirement: {
    approval: 'owners',
    grants: ['packs.approve'],
    minApprovals: 2,
    selfApproval: false,
    proof: 'service',
    maxAuthAge: null,
    reasonRequired: false,
    formDigest: null,
  },
  policy: null,
  message: 'go?',
  showDigest: digestOf(show),
  reads: {},
  item: null,
  secrets: [],
  opens: [],
  notApplied: [],
  nonce: 'n',
  openedAt: AT,
  expiresAt: '2026-01-02T00:00:00.000Z',
  executeBy: '2026-01-03T00:00:00.000Z',
};

function approval(change: Partial<DecisionRecord> = {}): Envelope {
  const record: DecisionRecord = {
    schema: 'taskrunner.decision.v1',
    decisionId: 'dec_1',
    runId: admission.runId,
    tenant: admission.tenant,
    gate: 'approve',
    planHash: admission.planHash,
    gateDigest: digestOf(request as unknown as Json),
    decision: 'approved',
    response: null,
    person: { iss: 'https://id.test', sub: 'grace' },
    onBehalfOf: null,
    grants: [],
    bound: 'gate',
    authTime: AT,
    acr: null,
    reason: null,
    decidedAt: AT,
    proof: { kind: 'service' },
    ...change,
  };
  return sealEnvelope(PAYLOAD_TYPE.decision, Buffer.from(canonical(record as unknown as Json)), Uint8Array.of(0));
}

const decision = storedDecision(approval());
const row = storedGate(request, show, [decision], admission);

function errorOf(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    return error;
  }
}

it('is what its digests name, whatever the spelling of its row', () => {
  const spelled = { ...row, request: JSON.stringify(request, null, 2), show: ` ${row.show ?? ''}\n` };
  const documents = comparedGate(spelled);
  expect(documents).toMatchObject({ request, show, records: [{ decisionId: 'dec_1' }] });
});

it.each<[string, string, Partial<StoredGate>]>([
  ['gate', 'another message', { request: JSON.stringify({ ...request, message: 'stay?' }) }],
  ['gate', 'no JSON', { request: '{' }],
  ['gate', 'another digest', { gateDigest: sha256('gate') }],
  ['show', 'something else', { show: '{"findings":[]}' }],
  ['show', 'nothing', { show: null }],
  ['gate', 'another quorum', { required: 1 }],
  ['gate', 'more approvals', { approvals: 2 }],
  ['gate', 'another end', { expiresAt: row.expiresAt + 1 }],
  ['gate', 'another gate', { gate: 'other' }],
  ['admission', 'another plan', { planHash: sha256('other') }],
  ['admission', 'nobody who initiated it', { initiators: [] }],
  ['gate', 'another admission', anAdmission({ nonce: '01' })],
  ['decision', 'an unsigned decision', { decisions: [{ ...decision, envelope: {} as Envelope }] }],
  ['decision', 'another record', { decisions: [{ ...decision, recordDigest: sha256('record') }] }],
  ['decision', 'another person', { decisions: [{ ...decision, person: { ...decision.person, sub: 'mallory' } }] }],
  ['decision', 'another outcome', { decisions: [{ ...decision, decision: 'rejected' }] }],
  ['decision', 'a decision of another gate', { decisions: [storedDecision(approval({ gate: 'other' }))] }],
  ['decision', 'a decision on another request', { decisions: [storedDecision(approval({ gateDigest: sha256('x') }))] }],
  ['gate', 'a decision left out', { decisions: [] }],
  ['gate', 'nobody who approved', { counted: [] }],
  ['gate', 'somebody else who approved', { counted: ['["https://id.test","mallory"]'] }],
  ['gate', 'an approval of too few', { state: 'approved' }],
  ['gate', 'a rejection by nobody', { state: 'rejected' }],
])('is no %s with %s', (document, _what, change) => {
  const altered = { code: 'DOCUMENT_ALTERED', first: { runId: admission.runId, tenant: admission.tenant, document } };
  expect(() => comparedGate({ ...row, ...change })).toThrow(DocumentAltered);
  expect(errorOf(() => comparedGate({ ...row, ...change }))).toMatchObject(altered);
});

it.each<Json>([null, 7, 'text', [], {}, { showDigest: sha256('null') }, { ...request, requirement: null }])(
  'is no gate with a request that is none, under its own digest: %j',
  (none) => {
    const rows = { request: JSON.stringify(none), gateDigest: digestOf(none), show: 'null' };
    const found = errorOf(() => comparedGate({ ...row, ...rows }));
    expect(found).toMatchObject({ code: 'DOCUMENT_ALTERED', first: { document: 'gate' } });
  },
);

it('is hashed once for the same row, and again for another under the same digest', () => {
  const known = { json: new ComparedJson(), admissions: new KnownAdmissions(null), signatures: null };
  const first = GateDocuments.compare(row, known);
  const second = GateDocuments.compare(row, known);
  // Read once: the very same documents.
  expect([second.request, second.show].map((one, i) => one === [first.request, first.show][i])).toEqual([true, true]);
  const altered = { ...row, request: JSON.stringify({ ...request, message: 'stay?' }) };
  expect(() => GateDocuments.compare(altered, known)).toThrow('has been altered');
  expect(() => GateDocuments.compare({ ...row, admission: {} as Envelope }, known)).toThrow('the admission record');
});

it('is told with both digests, all that was found at once, and nothing of the document', () => {
  const secret = JSON.stringify({ ...request, message: 'hunter2' });
  const rows = [{ ...row, request: secret }, row, { ...row, required: 1, decisions: [] as readonly StoredDecision[] }];
  const found = errorOf(() => compareEach(rows, comparedGate));
  if (!DocumentAltered.is(found)) throw new Error('nothing was found');
  expect(found.all.map(({ what }) => what)).toEqual([
    'the request of gate approve',
    'the number of approvals that are needed of gate approve',
  ]);
  expect(alarmOf(found.first)).toEqual({
    document: 'gate',
    what: 'the request of gate approve',
    expected: row.gateDigest,
    found: digestOf(JSON.parse(secret) as Json),
  });
  expect(JSON.stringify([found.message, found.all])).not.toContain('hunter2');
});
