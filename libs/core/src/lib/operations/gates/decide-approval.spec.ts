import { generateKeyPairSync, sign } from 'node:crypto';
import { canonical } from '../../canonical/canonical';
import { digestOf, sha256 } from '../../canonical/digest';
import { PAYLOAD_TYPE, type DecisionRecord, type GateRequest } from '../../evidence/records/documents';
import { decodeEnvelope, preAuthEncoding, sealEnvelope } from '../../evidence/encoding/envelope';
import { readDecision } from '../../evidence/records/read-documents';
import { verifySignature } from '../../evidence/encoding/signature';
import { parseUtf8 } from '../../evidence/encoding/strict-json';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import type { Block, GateNode, Node, Plan } from '../../plan/plan';
import { GateStore, type Decided, type GateRow, type SignedDecision } from '../../ports/gates/gate-store';
import type { RunReader, RunSummary } from '../../ports/runs/run-reader';
import { Signer } from '../../ports/evidence/signer';
import { anAdmission, comparedGate, storedDecision, storedGate } from '../../../testing/stored-documents';
import { DecideApproval } from './decide-approval';
import { objectionTo } from './decision-checks';
import type { Decision } from './decision';
import type { BoundToken } from './decision-proof';
import { gateNodeOf } from './gate-view';

const NOW = Date.UTC(2026, 0, 1);
const ISS = 'https://id.test';
const planHash = sha256('plan');
const runId = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId;

const grace: Principal = {
  iss: ISS,
  sub: 'grace',
  kind: 'person',
  tenant: 'acme' as TenantId,
  name: 'Grace',
  scopes: ['packs.approve'],
  grants: ['role:sec-lead'],
  actors: [],
  authTimeMs: NOW - 60_000,
  acr: null,
};

const acting = (sub: string) => ({ iss: ISS, sub, kind: 'person' as const });
const program = (sub: string) => ({ iss: ISS, sub, kind: 'client' as const });

const ledger = generateKeyPairSync('ed25519');

class LedgerSigner extends Signer {
  readonly keyid = '';
  readonly usage = 'ledger';
  async sign(type: string, payload: string) {
    const bytes = new TextEncoder().encode(payload);
    return sealEnvelope(type, bytes, sign(null, preAuthEncoding(type, bytes), ledger.privateKey));
  }
}

const admission = anAdmission();

function aRequest(change: Partial<GateRequest['requirement']> = {}): GateRequest {
  return {
    schema: 'taskrunner.gate-request.v1',
    runId,
    tenant: 'acme',
    gate: 'approve',
    label: null,
    planHash,
    profileDigest: sha256('profile'),
    admissionDigest: admission.admissionDigest,
    requirement: {
      approval: 'prod',
      grants: ['packs.approve', 'role:sec-lead'],
      minApprovals: 1,
      selfApproval: false,
      proof: 'service',
      maxAuthAge: null,
      reasonRequired: false,
      formDigest: null,
      ...change,
    },
    policy: null,
    message: 'go?',
    showDigest: digestOf({}),
    reads: { scan: sha256('scan') },
    item: null,
    secrets: [],
    opens: [],
    notApplied: [],
    nonce: 'n',
    openedAt: new Date(NOW).toISOString(),
    expiresAt: new Date(NOW + 1_000).toISOString(),
    executeBy: new Date(NOW + 2_000).toISOString(),
  };
}

/** A store with one gate and configured answers. It records its calls. */
class RecordingStore extends GateStore {
  readonly signed: SignedDecision[] = [];
  readonly audited: JsonObject[] = [];
  at = NOW;
  constructor(
    readonly row: GateRow | null,
    private readonly answers: (count: number) => Decided = () => ({
      kind: 'counted',
      state: 'approved',
      approvals: 1,
      required: 1,
    }),
  ) {
    super();
  }
  async find() {
    return this.row;
  }
  async open() {
    return this.row ? [this.row] : [];
  }
  async ofRun() {
    return this.open();
  }
  async now() {
    return this.at++;
  }
  async decide(decision: SignedDecision) {
    this.signed.push(decision);
    return this.answers(this.signed.length);
  }
  async audit(_tenant: TenantId, event: JsonObject) {
    this.audited.push(event);
  }
}

/** A store at which another decision was faster: the gate is another when it is read again. */
class CrossedStore extends RecordingStore {
  constructor(
    before: GateRow,
    private readonly after: GateRow,
  ) {
    super(before, (count) =>
      count === 1 ? { kind: 'too-early' } : { kind: 'counted', state: 'open', approvals: 2, required: 3 },
    );
  }
  override async find() {
    return this.signed.length === 0 ? this.row : this.after;
  }
}

function aRow(change: Partial<GateRow> = {}, requirement: Partial<GateRequest['requirement']> = {}): GateRow {
  const request = aRequest(requirement);
  return {
    runId,
    gate: 'approve',
    state: 'open',
    gateDigest: digestOf(request as unknown as Json),
    documents: comparedGate(storedGate(request, {}, change.decisions, admission)),
    approvals: 0,
    required: 1,
    openedAt: NOW,
    expiresAt: NOW + 1_000,
    planHash,
    pack: { name: 'p', version: '1.0.0' },
    requester: { iss: ISS, sub: 'ada', name: 'Ada' },
    initiators: [{ iss: ISS, sub: 'ada', kind: 'person' }],
    runStatus: 'waiting',
    doomed: false,
    lastDecidedAt: 0,
    decisions: [],
    ...change,
  };
}

function aDecision(row: GateRow, change: Partial<Decision> = {}): Decision {
  const { gateDigest } = row;
  return {
    runId,
    gate: 'approve',
    decision: 'approved',
    planHash,
    gateDigest,
    reason: null,
    response: null,
    onBehalfOf: null,
    proof: null,
    ...change,
  };
}

const approver = generateKeyPairSync('ed25519');
const approverKeys = {
  keys: [
    { iss: ISS, sub: 'grace', spki: approver.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') },
  ],
  verifySignature,
};

const reader = (run: Partial<RunSummary> | null, plan: Plan | null = null): RunReader =>
  ({
    summary: async () => run,
    documents: async () => plan && { plan },
    step: async () => null,
  }) as unknown as RunReader;

function deciding(store: RecordingStore, of: RunReader = reader(null, aPlan([]))) {
  const decide = new DecideApproval({
    gates: store,
    reader: of,
    signer: new LedgerSigner(),
    approverKeys,
    nonce: () => 'nonce',
  });
  return (decision: Decision, principal: Principal = grace, token: BoundToken | null = null) =>
    decide.decide(principal, decision, token);
}

const recordOf = (envelope: Parameters<typeof decodeEnvelope>[0]) =>
  JSON.parse(parseUtf8(decodeEnvelope(envelope).payload)) as DecisionRecord;

describe('a decision', () => {
  it('is signed, and says the same in its record, its letter and its row', async () => {
    const row = aRow();
    const store = new RecordingStore(row);
    const { receipt, state } = await deciding(store)(aDecision(row, { reason: 'reviewed' }));
    expect(state).toBe('approved');
    const [signed] = store.signed;
    const record = recordOf(receipt);
    expect(record).toMatchObject({
      decision: 'approved',
      bound: 'gate',
      grants: ['packs.approve', 'role:sec-lead'],
      reason: 'reviewed',
      proof: { kind: 'service' },
    });
    expect(Date.parse(record.decidedAt)).toBe(signed?.decidedAt);
    expect(signed?.recordDigest).toBe(digestOf(record as unknown as Json));
    expect(signed?.name).toBe('Grace');
    expect(signed?.message).toMatchObject({
      type: 'gate.decided',
      step: 'approve',
      decision: { decisionId: record.decisionId, decidedAt: signed?.decidedAt },
    });
    expect(signed?.audit).toMatchObject({ type: 'gate.decision', outcome: 'decided', record: signed?.recordDigest });
    expect(store.audited).toEqual([]);
  });

  it('that confirms a response cannot contradict one that came in between', async () => {
    const form = { type: 'object' };
    const needs = { formDigest: digestOf(form), minApprovals: 3 };
    const withForm = reader(null, aPlan([{ ...aGate('approve'), form }]));
    const open = aRow({ required: 3 }, needs);
    const others = new RecordingStore(open, () => ({ kind: 'counted', state: 'open', approvals: 1, required: 3 }));
    const linus = { ...grace, sub: 'linus' };
    const { receipt } = await deciding(others, withForm)(aDecision(open, { response: { window: 'night' } }), linus);
    const decisions = [storedDecision(receipt)];
    const after = aRow({ required: 3, decisions, lastDecidedAt: NOW + 1, approvals: 1 }, needs);
    const crossed = (response: JsonObject) => {
      const store = new CrossedStore(open, after);
      return { store, decided: deciding(store, withForm)(aDecision(open, { response })) };
    };
    await expect(crossed({ window: 'day' }).decided).rejects.toMatchObject({ code: 'GATE_RESPONSE_INVALID' });
    const { store, decided } = crossed({ window: 'night' });
    expect((await decided).approvals).toBe(2);
    expect(store.signed.map(({ lastDecidedAt }) => lastDecidedAt)).toEqual([0, NOW + 1]);
    // A person who repeats their approval with another response is not told that it counts.
    const again = deciding(new RecordingStore(after), withForm);
    await expect(again(aDecision(open, { response: { window: 'day' } }), linus)).rejects.toMatchObject({
      code: 'GATE_ALREADY_COUNTED',
    });
    expect((await again(aDecision(open, { response: { window: 'night' } }), linus)).receipt).toEqual(receipt);
    const told = new RecordingStore(open, () => ({
      ...{ kind: 'repeated', envelope: receipt, state: 'open', approvals: 1, required: 3 },
    }));
    await expect(
      deciding(told, withForm)(aDecision(open, { response: { window: 'day' } }), linus),
    ).rejects.toMatchObject({ code: 'GATE_ALREADY_COUNTED' });
  });

  it('is signed again with a later time where another came between, twenty times at most', async () => {
    const row = aRow();
    const early =
      (rounds: number) =>
      (count: number): Decided =>
        count <= rounds ? { kind: 'too-early' } : { kind: 'counted', state: 'open', approvals: 1, required: 2 };
    const store = new RecordingStore(row, early(19));
    await deciding(store)(aDecision(row));
    const times = store.signed.map(({ decidedAt }) => decidedAt);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(new Set(store.signed.map(({ decisionId }) => decisionId)).size).toBe(1);
    const crowded = new RecordingStore(row, early(20));
    await expect(deciding(crowded)(aDecision(row))).rejects.toMatchObject({ code: 'DECISIONS_TOO_MANY' });
    expect(crowded.audited).toMatchObject([{ outcome: 'refused', code: 'DECISIONS_TOO_MANY' }]);
  });

  it('that is signed again is judged again: its gate may have expired meanwhile', async () => {
    const row = aRow();
    const store = new RecordingStore(row, () => {
      store.at = NOW + 1_000;
      return { kind: 'too-early' };
    });
    await expect(deciding(store)(aDecision(row))).rejects.toMatchObject({ code: 'GATE_EXPIRED' });
  });

  const other = sha256('other');
  it.each<[string, Partial<GateRow>, Partial<GateRequest['requirement']>, Partial<Decision>, Partial<Principal>]>([
    ['GATE_NOT_A_PERSON', {}, {}, {}, { kind: 'client' }],
    ['GATE_NOT_A_PERSON', {}, {}, {}, { authTimeMs: null }],
    ['GATE_DECIDED', { state: 'approved' }, {}, {}, {}],
    ['GATE_DECIDED', { state: 'rejected' }, {}, {}, {}],
    ['GATE_EXPIRED', { state: 'expired' }, {}, {}, {}],
    ['GATE_EXPIRED', { expiresAt: NOW }, {}, {}, {}],
    ['RUN_ENDED', { state: 'closed' }, {}, {}, {}],
    ['RUN_ENDED', { runStatus: 'cancelling' }, {}, {}, {}],
    ['RUN_ENDED', { doomed: true }, {}, {}, {}],
    ['PLAN_HASH_MISMATCH', {}, {}, { planHash: other }, {}],
    ['GATE_STALE', {}, {}, { gateDigest: other }, {}],
    ['GATE_STALE', {}, {}, { gateDigest: null }, {}],
    ['GATE_SELF_APPROVAL', {}, {}, {}, { sub: 'ada' }],
    ['GATE_SELF_APPROVAL', {}, {}, {}, { actors: [acting('ada')] }],
    ['GATE_SELF_APPROVAL', {}, {}, {}, { actors: [program('bot'), program('ada')] }],
    ['GATE_SELF_APPROVAL', {}, {}, { decision: 'rejected' }, { actors: [acting('ada')] }],
    ['GATE_NOT_A_PERSON', {}, {}, {}, { actors: [program('bot')] }],
    ['GATE_NOT_A_PERSON', {}, { actors: [{ iss: ISS, sub: 'bot' }] }, {}, { actors: [program('other')] }],
    ['GATE_NOT_A_PERSON', {}, { actors: [{ iss: ISS, sub: 'grace' }] }, {}, {}],
    ['GATE_GRANT_MISSING', {}, {}, {}, { grants: [] }],
    ['GATE_GRANT_MISSING', {}, {}, {}, { scopes: ['packs.admin'] }],
    ['GATE_REASON_REQUIRED', {}, { reasonRequired: true }, { reason: '  ' }, {}],
    ['GATE_RESPONSE_INVALID', {}, {}, { response: { a: 1 } }, {}],
    ['GATE_AUTH_TOO_OLD', {}, { maxAuthAge: 'PT59S' }, {}, {}],
    ['GATE_TOKEN_MISMATCH', {}, { proof: 'token' }, {}, {}],
    ['GATE_TOKEN_MISMATCH', {}, { proof: 'key' }, {}, {}],
    ['GATE_TOKEN_MISMATCH', {}, {}, { proof: { payload: 'x' } }, {}],
    ['DELEGATION_INVALID', {}, {}, { onBehalfOf: { iss: ISS, sub: 'linus' } }, {}],
  ])('is refused with %s (%j %j %j %j), audited, and never signed', async (code, change, requirement, said, who) => {
    const row = aRow(change, requirement);
    const store = new RecordingStore(row);
    await expect(deciding(store)(aDecision(row, said), { ...grace, ...who })).rejects.toMatchObject({ code });
    expect(store.signed).toEqual([]);
    expect(store.audited).toMatchObject([{ type: 'gate.decision', outcome: 'refused', code }]);
    expect(store.audited).toMatchObject([{ actors: who.actors ?? [] }]);
  });

  it('tells who acted, in its record, letter and audit row, also if nobody did', async () => {
    const actors = [program('bot'), acting('mary')];
    for (const chain of [actors, []]) {
      const row = aRow({}, { actors: [{ iss: ISS, sub: 'bot' }] });
      const store = new RecordingStore(row);
      const { receipt } = await deciding(store)(aDecision(row), { ...grace, actors: chain });
      expect(recordOf(receipt)).toHaveProperty('actors', chain);
      expect(readDecision(decodeEnvelope(receipt).payload)).toMatchObject({ actors: chain });
      expect(store.signed[0]).toMatchObject({ message: { decision: { actors: chain } }, audit: { actors: chain } });
    }
  });

  it('of a person counts once, whether the person decided or acted', async () => {
    const open = aRow({ required: 2 });
    const store = new RecordingStore(open);
    const { receipt } = await deciding(store)(aDecision(open), { ...grace, actors: [acting('linus')] });
    const decisions = [storedDecision(receipt)];
    const counted = aRow({ required: 2, approvals: 1, decisions });
    const again = (who: Partial<Principal>) =>
      deciding(new RecordingStore(counted))(aDecision(counted), { ...grace, ...who });
    await expect(again({ sub: 'linus' })).rejects.toMatchObject({ code: 'GATE_ALREADY_COUNTED' });
    await expect(again({ sub: 'mary', actors: [acting('grace')] })).rejects.toMatchObject({
      code: 'GATE_ALREADY_COUNTED',
    });
    expect(await again({ actors: [acting('linus')] })).toMatchObject({ receipt });
  });

  it('is not answered with its first record through an actor who may not decide', async () => {
    const open = aRow();
    const store = new RecordingStore(open);
    const { receipt } = await deciding(store)(aDecision(open));
    const decisions = [storedDecision(receipt)];
    const counted = aRow({ required: 2, approvals: 1, decisions });
    const through = deciding(new RecordingStore(counted))(aDecision(counted), { ...grace, actors: [acting('ada')] });
    await expect(through).rejects.toMatchObject({ code: 'GATE_SELF_APPROVAL' });
  });

  it('is not offered to who may not make it', () => {
    const row = aRow({}, { actors: [{ iss: ISS, sub: 'bot' }] });
    const why = (...actors: Principal['actors']) => objectionTo({ ...grace, actors }, row, NOW);
    expect(why()).toBeNull();
    expect(why(program('bot'))).toBeNull();
    expect(why(acting('ada'))).toBe('GATE_SELF_APPROVAL');
    expect(why(program('other'))).toBe('GATE_NOT_A_PERSON');
  });

  it('that was made before answers with the first record, also when the gate is decided', async () => {
    const open = aRow();
    const store = new RecordingStore(open);
    const { receipt } = await deciding(store)(aDecision(open));
    const decided = aRow({
      state: 'approved',
      approvals: 1,
      decisions: [storedDecision(receipt)],
    });
    const later = new RecordingStore(decided);
    expect(await deciding(later)(aDecision(decided))).toMatchObject({ state: 'approved', approvals: 1, receipt });
    expect(later.signed).toEqual([]);
    await expect(deciding(later)(aDecision(decided, { decision: 'withdrawn' }))).rejects.toMatchObject({
      code: 'GATE_DECIDED',
    });
    await expect(deciding(later)(aDecision(decided, { gateDigest: other }))).rejects.toMatchObject({
      code: 'GATE_DECIDED',
    });
  });

  it('that comes too late is told how the gate stands', async () => {
    const open = aRow();
    const store = new RecordingStore(open);
    const { receipt } = await deciding(store)(aDecision(open, { decision: 'rejected', reason: 'no\nway' }));
    const { decidedAt } = store.signed[0] as SignedDecision;
    const decisions = [storedDecision(receipt)];
    const asked = async (change: Partial<GateRow>, answers?: () => Decided) => {
      const row = aRow(change);
      const linus = { ...grace, sub: 'linus' };
      return deciding(new RecordingStore(row, answers))(aDecision(row), linus).catch(
        (error: unknown) => error as Error,
      );
    };
    const at = new Date(decidedAt).toISOString();
    expect(await asked({ state: 'rejected', decisions })).toMatchObject({
      code: 'GATE_DECIDED',
      message: `gate approve was rejected by grace of ${ISS} at ${at}: no\\u{a}way`,
    });
    expect(await asked({ state: 'expired', approvals: 1, required: 2 })).toMatchObject({
      code: 'GATE_EXPIRED',
      message: `gate approve expired at ${new Date(NOW + 1_000).toISOString()} with 1 of 2 approvals`,
    });
    expect(await asked({ state: 'closed' })).toMatchObject({
      code: 'RUN_ENDED',
      message: expect.stringContaining('gate approve was closed'),
    });
    expect(await asked({ runStatus: 'cancelling' })).toMatchObject({
      code: 'RUN_ENDED',
      message: expect.stringContaining('the run is cancelling'),
    });
    // Another decision was faster.
    expect(await asked({ decisions }, () => ({ kind: 'refused', code: 'GATE_DECIDED' }))).toMatchObject({
      code: 'GATE_DECIDED',
      message: expect.stringContaining('gate approve'),
    });
  });

  it('at a gate that its policy denied is told the policy and its reasons', async () => {
    const reasons = ['it is late', 'no\none is here'];
    const policies = [{ id: 'late', engine: 'cel', level: 'hard-mandatory', source: 'x', digest: sha256('x') }];
    const plan = { ...aPlan([{ ...aGate('approve'), approval: null, policy: 'late' }]), policies } as unknown as Plan;
    const policy = { id: 'late', level: 'hard-mandatory', engine: 'cel', digest: sha256('x'), result: 'deny', reasons };
    const ended = { step: 'approve', status: 'failed', reason: 'POLICY_DENIED', finishedAt: 1, outputs: null };
    const reported = (step: object | null) =>
      deciding(new RecordingStore(null), {
        ...reader({ finishedAt: 1, status: 'failed' }, plan),
        step: async () => step,
      } as never)(aDecision(aRow())).catch((error: unknown) => error as Error);
    expect(await reported({ ...ended, error: { code: 'POLICY_DENIED', policy } })).toMatchObject({
      code: 'RUN_ENDED',
      message:
        'gate approve never opened for people: policy late (hard-mandatory) denied it: it is late; no\\u{a}one is here',
    });
    // A run that ended before rows held what the policy said.
    expect(await reported({ ...ended, error: { code: 'POLICY_DENIED' } })).toMatchObject({
      message: expect.stringContaining('policy late (hard-mandatory) denied it'),
    });
    expect(await reported(null)).toMatchObject({
      message: expect.stringContaining('was not reached: the run ended failed'),
    });
  });

  it('is proven by the person’s own key over exactly this intent', async () => {
    const row = aRow({}, { proof: 'key' });
    const { gateDigest } = row;
    const intent = { gateDigest, decision: 'approved', reason: null, response: null, onBehalfOf: null };
    const sealed = (what: Json) => {
      const bytes = new TextEncoder().encode(canonical(what));
      return sealEnvelope(
        PAYLOAD_TYPE.intent,
        bytes,
        sign(null, preAuthEncoding(PAYLOAD_TYPE.intent, bytes), approver.privateKey),
      ) as unknown as Json;
    };
    const store = new RecordingStore(row);
    const { receipt } = await deciding(store)(aDecision(row, { proof: sealed(intent) }));
    expect(recordOf(receipt).proof).toMatchObject({ kind: 'key' });
    const wrong = aDecision(row, { proof: sealed({ ...intent, decision: 'rejected' }) });
    await expect(deciding(new RecordingStore(row))(wrong)).rejects.toMatchObject({ code: 'GATE_TOKEN_MISMATCH' });
    const stranger = deciding(new RecordingStore(row))(aDecision(row, { proof: sealed(intent) }), {
      ...grace,
      sub: 'linus',
    });
    await expect(stranger).rejects.toMatchObject({ code: 'GATE_TOKEN_MISMATCH' });
  });

  it('takes the token that is bound to it, and no other', async () => {
    const row = aRow({}, { proof: 'token' });
    const token: BoundToken = {
      jws: 'a.b.c',
      jti: 'j',
      runId,
      gate: 'approve',
      planHash,
      gateDigest: row.gateDigest,
      decision: 'approved',
    };
    const store = new RecordingStore(row);
    const { receipt } = await deciding(store)(aDecision(row), grace, token);
    expect(recordOf(receipt)).toMatchObject({ proof: { kind: 'token', jws: 'a.b.c' } });
    for (const change of [
      { runId: 'x' },
      { gate: 'x' },
      { planHash: 'x' },
      { gateDigest: 'x' },
      { gateDigest: null },
      { decision: 'rejected' },
    ]) {
      await expect(
        deciding(new RecordingStore(row))(aDecision(row), grace, { ...token, ...change }),
      ).rejects.toMatchObject({
        code: 'GATE_TOKEN_MISMATCH',
      });
    }
    const used = aRow(
      {
        decisions: [storedDecision(receipt), storedDecision(withdrawn(receipt))],
      },
      { proof: 'token' },
    );
    await expect(deciding(new RecordingStore(used))(aDecision(used), grace, token)).rejects.toMatchObject({
      code: 'GATE_TOKEN_MISMATCH',
    });
  });

  it('at a gate without a row is too early, too late, or at no gate', async () => {
    const row = aRow();
    const plan = aPlan([aGate('approve')]);
    const ask = (run: Partial<RunSummary> | null, gate = 'approve') =>
      deciding(new RecordingStore(null), reader(run, plan))(aDecision(row, { gate }));
    await expect(ask({ finishedAt: null })).rejects.toMatchObject({ code: 'GATE_NOT_OPEN' });
    await expect(ask({ finishedAt: 1 })).rejects.toMatchObject({ code: 'RUN_ENDED' });
    await expect(ask({ finishedAt: null }, 'nothing')).rejects.toMatchObject({ code: 'GATE_NOT_FOUND' });
    const absent = new RecordingStore(null);
    await expect(deciding(absent)(aDecision(row))).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(absent.audited).toEqual([]);
  });
});

/** The same record, but a withdrawal. */
function withdrawn(receipt: Parameters<typeof decodeEnvelope>[0]) {
  const record = { ...recordOf(receipt), decision: 'withdrawn', decisionId: 'w' };
  return sealEnvelope(
    PAYLOAD_TYPE.decision,
    new TextEncoder().encode(canonical(record as unknown as Json)),
    new Uint8Array(64),
  );
}

const common = {
  name: null,
  when: null,
  needs: [],
  stated: false,
  runOn: 'success' as const,
  timeoutMs: null,
  workers: [],
};
const block = (...nodes: Node[]): Block => ({ nodes, maxParallel: null, continueOnError: false });

function aGate(id: string): GateNode {
  return { ...common, kind: 'gate', id, approval: 'prod', policy: null, with: {}, message: null, show: {}, form: null };
}

function aPlan(nodes: Node[]): Plan {
  return { graph: block(...nodes), schema: 'taskrunner.plan.v1', planHash: planHash } as unknown as Plan;
}

describe('gateNodeOf', () => {
  const group = (id: string, ...nodes: Node[]) =>
    ({ ...common, kind: 'group', id, body: block(...nodes), continueOnError: false }) as Node;
  const map = (id: string, ...nodes: Node[]) =>
    ({ ...common, kind: 'map', id, body: block(...nodes) }) as unknown as Node;
  const conditional = (id: string, then: Node, otherwise: Node) =>
    ({
      ...common,
      kind: 'conditional',
      id,
      branches: [{ when: 'x', body: block(then) }],
      otherwise: block(otherwise),
    }) as unknown as Node;
  const plan = aPlan([
    aGate('top'),
    group('g', aGate('inGroup'), map('m', group('h', aGate('approve')), map('n', aGate('deep')))),
    conditional('c', aGate('yes'), aGate('no')),
  ]);

  it.each([
    ['top', 'top'],
    ['inGroup', 'inGroup'],
    ['m[3]::approve', 'approve'],
    ['m[3]::n[0]::deep', 'deep'],
    ['yes', 'yes'],
    ['no', 'no'],
    ['approve', null],
    ['m[3]', null],
    ['m', null],
    ['g', null],
    ['top::approve', null],
    ['', null],
    ['toString', null],
  ])('of %s is %s', (place, id) => expect(gateNodeOf(plan, place)?.id ?? null).toBe(id));
});
