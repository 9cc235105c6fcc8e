import { digestOf, sha256 } from '../../canonical/digest';
import type { GateRequest } from '../../evidence/records/documents';
import type { Json, JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import type { Plan } from '../../plan/plan';
import type { Decided, GateRow, SignedDecision } from '../../ports/gates/gate-store';
import type { RunSummary } from '../../ports/runs/run-reader';
import { storedDecision } from '../../../testing/stored-documents';
import {
  acting,
  aDecision,
  aGate,
  aPlan,
  aRow,
  CrossedStore,
  deciding,
  grace,
  ISS,
  NOW,
  program,
  reader,
  RecordingStore,
  recordOf,
} from '../../../testing/deciding';
import type { Decision } from './decision';

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

  it('says in its audit entry that it overrides the denial of a policy, and otherwise nothing of the kind', async () => {
    const approved = new RecordingStore(aRow());
    await deciding(approved)(aDecision(aRow()));
    const policy = { id: 'no-friday', engine: 'cel' as const, level: 'soft-mandatory' as const };
    const [source, digest] = ['false', sha256('false')];
    const said = { ...policy, digest, allow: false, undecided: false, reasons: ['it is Friday'] };
    const denied = aRow({}, {}, said);
    const overridden = new RecordingStore(denied);
    const gate = { ...aGate('approve'), policy: policy.id, message: '' };
    const of = reader(null, aPlan([gate], [{ ...policy, source, digest }]));
    await deciding(overridden, of)(aDecision(denied));
    const flags = [approved, overridden].map(({ signed: [first] }) => first?.audit['override']);
    expect(flags).toEqual([undefined, true]);
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
    await expect(crossed({ window: 'day' }).decided).rejects.toMatchObject({
      code: 'GATE_RESPONSE_INVALID',
      faults: [{ path: '/response' }],
    });
    const { store, decided } = crossed({ window: 'night' });
    expect((await decided).approvals).toBe(2);
    expect(store.signed.map(({ lastDecidedAt }) => lastDecidedAt)).toEqual([0, NOW + 1]);
    // A person who repeats their approval with another response is not told that it counts.
    const again = deciding(new RecordingStore(after), withForm);
    await expect(again(aDecision(open, { response: { window: 'day' } }), linus)).rejects.toMatchObject({
      code: 'GATE_ALREADY_COUNTED',
    });
    expect((await again(aDecision(open, { response: { window: 'night' } }), linus)).receipt).toEqual(receipt);
    const recording = new RecordingStore(open, () => ({
      ...{ kind: 'repeated', envelope: receipt, state: 'open', approvals: 1, required: 3 },
    }));
    await expect(
      deciding(recording, withForm)(aDecision(open, { response: { window: 'day' } }), linus),
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
        stepRow: async () => step,
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
