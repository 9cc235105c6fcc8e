import { sha256 } from '@taskrunner/core/canonical';
import { decodeEnvelope } from '@taskrunner/core/evidence';
import type { Json, JsonObject, NodeId, Principal, RunId } from '@taskrunner/core/foundation';
import type { Approver as ListedApprover } from '@taskrunner/core/gate';
import {
  approversLeft,
  gateNodeOf,
  judgedVerdict,
  objectionTo,
  overriddenVerdict,
  policyOfGate,
  recordsOf,
  requestOf,
  suggestedReason,
} from '@taskrunner/core/operations';
import type { Plan, PlanDiff } from '@taskrunner/core/plan';
import type { GateRow, PlannerErrorCode, StepRow } from '@taskrunner/core/ports';
import { approvalsInForce, type StoredDocumentCode } from '@taskrunner/core/stored';
import type { PublicUrl } from '../public-url';
import { instant } from '../runs/run-view';

/** The difference from the plan of the pack that people approved last; `why`: the code of the reason why it is not available. */
export interface GatePlanDiff {
  readonly against: RunId;
  /** When and by whom that plan was approved; null and empty: not known, because the run was altered. */
  readonly approvedAt: string | null;
  readonly approvedBy: readonly Approver[];
  readonly diff: PlanDiff | null;
  readonly why: PlannerErrorCode | StoredDocumentCode | null;
}

interface Approver {
  readonly iss: string;
  readonly sub: string;
  /** As the token had it; null: not recorded. */
  readonly name: string | null;
}

/** The people whose approvals a gate has. */
export function approversOf(row: GateRow): readonly Approver[] {
  const records = recordsOf(row);
  const inForce = new Set(approvalsInForce(records).map(({ decisionId }) => decisionId));
  return records.flatMap(({ decisionId, person: { iss, sub } }, i) =>
    inForce.has(decisionId) ? [{ iss, sub, name: row.decisions[i]?.name ?? null }] : [],
  );
}

/** When a gate was decided or expired, milliseconds since the epoch; null: it is open. */
export function decidedAt(row: GateRow): number | null {
  if (row.state === 'open') return null;
  const last = recordsOf(row).at(-1);
  return last === undefined ? row.expiresAt : Date.parse(last.decidedAt);
}

/** What is known of a gate beside its row. Lists have only a plan, and that only if it supplies the policy of a request that does not name it. */
interface GateContext {
  readonly plan: Plan | null;
  /** Steps of the run that act without any approval. */
  readonly ungatedEffects?: readonly NodeId[] | null;
  readonly planDiff?: GatePlanDiff | null;
  /** In the order of its author. */
  readonly form?: JsonObject | null;
  /** All people who may decide; null: not known. */
  readonly people: readonly ListedApprover[] | null;
}

/** A gate in the API for one caller: the request, the decisions so far, and whether the caller may decide. */
export function toGate(
  row: GateRow,
  principal: Principal,
  now: number,
  url: PublicUrl,
  { plan, ungatedEffects = null, planDiff = null, form = null, people }: GateContext,
): JsonObject {
  const why = objectionTo(principal, row, now);
  return {
    runId: row.runId,
    gateId: row.gate,
    status: row.state,
    gateDigest: row.gateDigest,
    planHash: row.planHash,
    pack: { name: row.pack.name, version: row.pack.version },
    requester: { id: row.requester.sub, iss: row.requester.iss, name: row.requester.name },
    request: requestOf(row) as unknown as JsonObject,
    show: row.documents.show,
    approvals: row.approvals,
    required: row.required,
    approversLeft: approversLeft(people, row),
    until: instant(row.expiresAt),
    policy: overriddenVerdict(row, plan) as unknown as Json,
    decisions: decisionsOf(row),
    ungatedEffects,
    planDiff: planDiff as unknown as Json,
    form,
    suggestedReason:
      plan === null || ungatedEffects === null ? null : suggestedReason(plan, requestOf(row).requirement.approval),
    canDecide: why === null,
    why,
    links: {
      self: url.run(row.runId, `/gates/${encodeURIComponent(row.gate)}`),
      run: url.run(row.runId),
      approve: url.run(row.runId, '/approve'),
    },
  };
}

/** The signed decisions in order, withdrawn ones too: who, when, why, with which proof; `receipt` is the signed record itself. */
function decisionsOf(row: GateRow): Json[] {
  const records = recordsOf(row);
  const inForce = new Set(approvalsInForce(records).map(({ decisionId }) => decisionId));
  return row.decisions.flatMap(({ name, envelope }, i) => {
    const record = records[i];
    if (!record) return [];
    const { decisionId, decision, person, onBehalfOf, reason, response, grants, authTime, bound, proof } = record;
    return [
      {
        decisionId,
        decision,
        person: { iss: person.iss, sub: person.sub, name },
        onBehalfOf: onBehalfOf as Json,
        actors: record.actors?.map(({ iss, sub, kind }) => ({ iss, sub, kind })) ?? null,
        grants: [...grants],
        reason,
        withdrawn: decision === 'approved' && !inForce.has(decisionId),
        response,
        authTime,
        decidedAt: record.decidedAt,
        bound,
        proof: proof.kind,
        record: sha256(decodeEnvelope(envelope).payload),
        receipt: envelope as unknown as Json,
      },
    ];
  });
}

/** A gate of a run that never opened for people. */
interface UnopenedGate {
  readonly gate: string;
  /** Null: the run has not reached it. */
  readonly step: StepRow | null;
}

const STATUS: Readonly<Record<StepRow['status'], string>> = {
  pending: 'pending',
  running: 'pending',
  waiting: 'pending',
  retrying: 'pending',
  needs_attention: 'pending',
  succeeded: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  cancelled: 'closed',
};
const REFUSED: Readonly<Record<string, string>> = { POLICY_DENIED: 'denied', POLICY_UNDECIDED: 'undecided' };

/** A gate in the list of all gates of a run. */
export function toRunGate(runId: RunId, row: GateRow, step: StepRow | null, plan: Plan, url: PublicUrl): JsonObject {
  const { requirement, openedAt } = requestOf(row);
  return {
    ...gateFacts(runId, row.gate, step, plan, url),
    status: row.state,
    policy: overriddenVerdict(row, plan) as unknown as Json,
    requirement: requirement as unknown as Json,
    gateDigest: row.gateDigest,
    approvals: row.approvals,
    required: row.required,
    openedAt,
    until: instant(row.expiresAt),
    decisions: decisionsOf(row),
  };
}

/** The same for a gate that never opened for people: its policy passed or ended the run, or it was not reached. */
export function toUnopenedGate(runId: RunId, { gate, step }: UnopenedGate, plan: Plan, url: PublicUrl): JsonObject {
  const asked = policyOfGate(plan, gate);
  const verdict = step && judgedVerdict(plan, step);
  return {
    ...gateFacts(runId, gate, step, plan, url),
    status: step ? (REFUSED[step.reason ?? ''] ?? STATUS[step.status]) : 'not_reached',
    policy: (verdict ?? (asked && { ...pick(asked), result: null, reasons: [] })) as unknown as Json,
    requirement: null,
    gateDigest: null,
    approvals: 0,
    required: null,
    openedAt: null,
    until: null,
    decisions: [],
  };
}

function gateFacts(runId: RunId, gate: string, step: StepRow | null, plan: Plan, url: PublicUrl): JsonObject {
  return {
    runId,
    gateId: gate,
    label: step?.label ?? null,
    reason: step?.reason ?? null,
    approval: gateNodeOf(plan, gate)?.approval ?? null,
    endedAt: step?.finishedAt == null ? null : instant(step.finishedAt),
    links: { self: url.run(runId, `/gates/${encodeURIComponent(gate)}`), run: url.run(runId) },
  };
}

function pick({ id, level, engine, digest }: NonNullable<ReturnType<typeof policyOfGate>>): JsonObject {
  return { id, level, engine, digest };
}
