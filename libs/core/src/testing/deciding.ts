import { generateKeyPairSync, sign } from 'node:crypto';
import { digestOf, sha256 } from '../lib/canonical/digest';
import { decodeEnvelope, preAuthEncoding, sealEnvelope } from '../lib/evidence/encoding/envelope';
import { verifySignature } from '../lib/evidence/encoding/signature';
import { parseUtf8 } from '../lib/evidence/encoding/strict-json';
import type { DecisionRecord, GateRequest } from '../lib/evidence/records/documents';
import type { RunId, TenantId } from '../lib/foundation/ids';
import type { Json, JsonObject } from '../lib/foundation/json';
import type { Principal } from '../lib/foundation/principal';
import { DecideApproval } from '../lib/operations/gates/decide-approval';
import type { Decision } from '../lib/operations/gates/decision';
import type { BoundToken } from '../lib/operations/gates/decision-proof';
import { durationMs } from '../lib/evidence/verify/check/gate-bounds';
import type { Approval, Block, GateNode, Node, Plan, Policy } from '../lib/plan/plan';
import { indexPlan, type PlanIndex } from '../lib/plan/plan-index';
import { Signer } from '../lib/ports/evidence/signer';
import { GateStore, type Decided, type GateRow, type SignedDecision } from '../lib/ports/gates/gate-store';
import type { RunReader, RunSummary } from '../lib/ports/runs/run-reader';
import type { RunDocuments } from '../lib/stored/run-documents';
import { aPlan as aWholePlan, testDefaults, testRules, testFloor } from './random/random-plan';
import { anAdmission, comparedGate, storedGate } from './stored-documents';

// Decisions of people at a gate, over a store that records what it is asked for.

export const NOW = Date.UTC(2026, 0, 1);
export const ISS = 'https://id.test';
export const planHash = sha256('plan');
export const runId = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId;

export const grace: Principal = {
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

export const acting = (sub: string) => ({ iss: ISS, sub, kind: 'person' as const });
export const program = (sub: string) => ({ iss: ISS, sub, kind: 'client' as const });

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
    message: '',
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
export class RecordingStore extends GateStore {
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
export class CrossedStore extends RecordingStore {
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

export function aRow(
  change: Partial<GateRow> = {},
  requirement: Partial<GateRequest['requirement']> = {},
  policy: Json = null,
): GateRow {
  const request = { ...aRequest(requirement), policy };
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

export function aDecision(row: GateRow, change: Partial<Decision> = {}): Decision {
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

export const approver = generateKeyPairSync('ed25519');
const approverKeys = {
  keys: [
    { iss: ISS, sub: 'grace', spki: approver.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') },
  ],
  verifySignature,
};

export const reader = (run: Partial<RunSummary> | null, plan: Plan | null = null): RunReader =>
  ({
    summary: async () => run,
    documents: async () => plan && { plan },
    stepRow: async () => null,
  }) as unknown as RunReader;

/** The index of a plan whose approval and environment require what the request of a row requires. */
function indexFor(plan: Plan, row: GateRow | null): PlanIndex {
  const { requirement = aRequest().requirement } = row?.documents.request ?? {};
  const { approval: id, grants, minApprovals, selfApproval, proof, maxAuthAge, reasonRequired, actors } = requirement;
  const approval: Approval = {
    ...{ id, grants, minApprovals, reasonRequired, reasonTemplate: null },
    ...{ expiresAfterMs: 1_000, executeWithinMs: 1_000, allowSelfApproval: selfApproval },
    maxAuthAgeMs: maxAuthAge === null ? null : durationMs(maxAuthAge),
  };
  const floor = { ...testFloor, selfApproval: true, proof, ...(actors && { actors }) };
  return indexPlan(aWholePlan(plan.graph, { approvals: [approval], policies: plan.policies }), planHash, testDefaults, {
    ...testRules,
    approvals: { floor },
  });
}

/** `of`: its plan has the gate. */
export function deciding(store: RecordingStore, of: RunReader = reader(null, aPlan([aGate('approve')]))) {
  const decide = new DecideApproval({
    gates: store,
    reader: {
      summary: (tenant, run) => of.summary(tenant, run),
      documents: async (tenant, run) => {
        const found = await of.documents(tenant, run);
        return found && ({ plan: found.plan, index: indexFor(found.plan, store.row) } as RunDocuments);
      },
    } as RunReader,
    steps: { find: (tenant, run, step) => of.stepRow(tenant, run, step) },
    signer: new LedgerSigner(),
    approverKeys,
    nonce: () => 'nonce',
  });
  return (decision: Decision, principal: Principal = grace, token: BoundToken | null = null) =>
    decide.decide(principal, decision, token);
}

export const recordOf = (envelope: Parameters<typeof decodeEnvelope>[0]) =>
  JSON.parse(parseUtf8(decodeEnvelope(envelope).payload)) as DecisionRecord;

/** Members that the nodes of a plan have in common. */
export const common = {
  name: null,
  when: null,
  needs: [],
  stated: false,
  runOn: 'success' as const,
  timeoutMs: null,
  workers: [],
};
export const block = (...nodes: Node[]): Block => ({ nodes, maxParallel: null, continueOnError: false });

export function aGate(id: string): GateNode {
  return { ...common, kind: 'gate', id, approval: 'prod', policy: null, with: {}, message: null, show: {}, form: null };
}

export function aPlan(nodes: Node[], policies: readonly Policy[] = []): Plan {
  return { graph: block(...nodes), policies, schema: 'taskrunner.plan.v1', planHash: planHash } as unknown as Plan;
}
