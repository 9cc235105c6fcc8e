import { canonical } from '../../canonical/canonical';
import { digestOf, sha256 } from '../../canonical/digest';
import { parseUtf8 } from '../../evidence/encoding/strict-json';
import { PAYLOAD_TYPE, type DecisionRecord } from '../../evidence/records/documents';
import { decodeEnvelope, type Envelope } from '../../evidence/encoding/envelope';
import type { RunId, StepId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import { utf8Size } from '../../foundation/utf8-size';
import type { Principal } from '../../foundation/principal';
import { sameActors } from '../../gate/deciders';
import type { GateOutcome } from '../../gate/gate-state';
import type { Decided, GateStore, GateRow, SignedDecision } from '../../ports/gates/gate-store';
import type { RunReader } from '../../ports/runs/run-reader';
import type { RunSteps } from '../steps/run-steps';
import type { Signer } from '../../ports/evidence/signer';
import type { ValueRef } from '../../step/value-ref';
import { actorsOf, auditedCaller } from '../callers/audited-caller';
import { checkDecision, type CheckedDecision } from './decision-checks';
import type { Decision } from './decision';
import { DecisionError, gateIsOver } from './decision-error';
import { sameResponse, type ApproverKeys, type BoundToken } from './decision-proof';
import { absenceOf, describeGate } from './describe-gate';
import { gateNodeOf, lastOf, requestOf } from './gate-view';
import type { RunDocuments } from '../../stored/run-documents';
import { compareWithPlan } from '../../stored/compare-with-plan';

/** A decision that counts, and the resulting state of the gate. */
export interface Receipt {
  readonly state: 'open' | GateOutcome;
  readonly approvals: number;
  readonly required: number;
  /** Time until which the gate can be decided, milliseconds since the epoch. */
  readonly until: number;
  /** The signed decision. */
  readonly receipt: Envelope;
}

interface DecideApprovalDependencies {
  readonly gates: GateStore;
  readonly reader: RunReader;
  readonly steps: Pick<RunSteps, 'find'>;
  readonly signer: Signer<'ledger'>;
  /** Keys of people who sign their decisions. */
  readonly approverKeys: ApproverKeys;
  /** 128 random bits or more, hexadecimal. */
  readonly nonce: () => string;
}

const ROUNDS = 20;

/**
 * A person's decision at a gate (docs/guides/approvals.md, Deciding). Everything is checked first without locks, and a refusal is audited. Then the decision is
 * signed and applied in one SQL statement. If another decision came in between, the gate is read and checked again, with a later time. Throws
 * `DecisionError`.
 */
export class DecideApproval {
  constructor(private readonly dependencies: DecideApprovalDependencies) {}

  async decide(principal: Principal, decision: Decision, token: BoundToken | null): Promise<Receipt> {
    try {
      return await this.decideOrRefuse(principal, decision, token);
    } catch (error) {
      if (DecisionError.is(error) && error.code !== 'RUN_NOT_FOUND') {
        const event = auditEvent(principal, decision, { outcome: 'refused', code: error.code });
        await this.dependencies.gates.audit(principal.tenant, event);
      }
      throw error;
    }
  }

  private async decideOrRefuse(principal: Principal, decision: Decision, token: BoundToken | null): Promise<Receipt> {
    const { gates } = this.dependencies;
    const { tenant } = principal;
    if (principal.kind !== 'person' || principal.authTimeMs === null) throw new DecisionError('GATE_NOT_A_PERSON');
    const row =
      (await gates.find(tenant, decision.runId, decision.gate)) ?? (await this.explainAbsence(principal, decision));
    const first = repeated(row, principal, decision);
    if (first) return { ...receiptOf(row), receipt: first };
    // The plan is compared with its digest even if it declares no form, so that nobody decides about a run whose plan was altered.
    const documents = await this.documentsOf(principal, decision.runId);
    compareWithPlan(tenant, row, documents);
    const checks = {
      token,
      approverKeys: this.dependencies.approverKeys,
      plan: documents.plan,
      decisionId: token === null ? `dec_${this.dependencies.nonce()}` : decisionOfToken(principal, token),
    };
    let read = row;
    for (let round = 0; round < ROUNDS; round++) {
      const checked = checkDecision(principal, decision, await gates.now(), { ...checks, row: read });
      const signed = await this.sign(principal, decision, checked, read);
      const decided = await gates.decide(signed);
      switch (decided.kind) {
        case 'counted': {
          const { state, approvals, required } = decided;
          return { state, approvals, required, until: row.expiresAt, receipt: signed.envelope };
        }
        case 'repeated': {
          const { state, approvals, required } = decided;
          // In another tab the same person has given another response, which this record does not prove.
          if (!sameResponse(responseIn(decided.envelope), decision.response))
            throw new DecisionError('GATE_ALREADY_COUNTED');
          return { state, approvals, required, until: row.expiresAt, receipt: decided.envelope };
        }
        case 'refused':
          throw await this.explainRefusal(principal, decision, decided.code);
        case 'too-early':
          // What came in between may be an approval with another response.
          read = (await gates.find(tenant, decision.runId, decision.gate)) ?? read;
          compareWithPlan(tenant, read, documents);
      }
    }
    throw new DecisionError('DECISIONS_TOO_MANY');
  }

  private async sign(
    principal: Principal,
    decision: Decision,
    checked: CheckedDecision,
    row: GateRow,
  ): Promise<SignedDecision> {
    const { record, decidedAt } = checked;
    const payload = canonical(record as unknown as Json);
    const { tenant } = principal;
    const { runId, gate } = decision;
    const { decisionId, person, actors = [], gateDigest, planHash, grants, response } = record;
    const digest = sha256(payload);
    return {
      tenant,
      runId,
      gate,
      decisionId,
      decision: decision.decision,
      person,
      name: principal.name,
      decidedAt,
      envelope: await this.dependencies.signer.sign(PAYLOAD_TYPE.decision, payload),
      recordDigest: digest,
      response,
      message: {
        type: 'gate.decided',
        step: gate as StepId,
        decision: {
          decisionId,
          gateDigest,
          planHash,
          decision: record.decision,
          person,
          onBehalfOf: null,
          actors,
          grants,
          decidedAt,
        },
        record: digest,
        response: refOf(response),
      },
      audit: auditEvent(principal, decision, {
        ...(isOverride(row) ? { override: true } : {}),
        ...{ outcome: 'decided', decisionId, gateDigest, record: digest },
      }),
      // A response agrees with those of the approvals that were read.
      lastDecidedAt: response === null ? null : row.lastDecidedAt,
    };
  }

  /** Another decision was faster, or the run has ended meanwhile. The gate is read again to report its state. */
  private async explainRefusal(
    { tenant }: Principal,
    { runId, gate }: Decision,
    code: Extract<Decided, { kind: 'refused' }>['code'],
  ): Promise<DecisionError> {
    if (code === 'GATE_ALREADY_COUNTED' || code === 'GATE_NOT_APPROVED') return new DecisionError(code);
    const row = await this.dependencies.gates.find(tenant, runId, gate);
    return row ? gateIsOver(code, describeGate(row)) : new DecisionError(code);
  }

  /** The gate has no row: it was not reached yet, its policy refused it, or it does not exist. */
  private async explainAbsence(principal: Principal, { runId, gate }: Decision): Promise<never> {
    throw await explainAbsentGate(this.dependencies, principal.tenant, runId, gate, 'RUN_ENDED');
  }

  private async documentsOf({ tenant }: Principal, runId: RunId): Promise<RunDocuments> {
    const found = await this.dependencies.reader.documents(tenant, runId);
    if (!found) throw new DecisionError('RUN_NOT_FOUND');
    return found;
  }
}

/** Why a gate has no row, from the state of its run. `ended`: the code of a run that has ended and so never asks anyone there. */
export async function explainAbsentGate(
  {
    reader,
    steps,
  }: { readonly reader: Pick<RunReader, 'summary' | 'documents'>; readonly steps: Pick<RunSteps, 'find'> },
  tenant: TenantId,
  runId: RunId,
  gate: string,
  ended: 'RUN_ENDED' | 'GATE_NOT_OPEN',
): Promise<DecisionError> {
  const run = await reader.summary(tenant, runId);
  const found = run && (await reader.documents(tenant, runId));
  if (!run || !found) return new DecisionError('RUN_NOT_FOUND');
  const { plan } = found;
  if (!gateNodeOf(plan, gate)) return new DecisionError('GATE_NOT_FOUND');
  const step = await steps.find(tenant, runId, gate);
  const absence = absenceOf(gate, plan, step, run);
  if (run.finishedAt !== null) return gateIsOver(ended, absence);
  return step?.finishedAt == null ? new DecisionError('GATE_NOT_OPEN', absence) : gateIsOver('GATE_NOT_OPEN', absence);
}

/** Finds the same decision on the same gate by the same person through the same actors. It is answered with its first record. */
function repeated(
  row: GateRow,
  principal: Principal,
  { decision, planHash, gateDigest, response }: Decision,
): Envelope | null {
  const last = lastOf(row, principal);
  if (last?.decision !== decision || planHash !== row.planHash) return null;
  if (!sameActors(last.record.actors ?? [], actorsOf(principal))) return null;
  // Another response is another decision, which the first record would not prove.
  if (!sameResponse(last.record.response, response)) return null;
  return gateDigest === null || gateDigest === row.gateDigest ? last.envelope : null;
}

function responseIn(envelope: Envelope): Json {
  return (JSON.parse(parseUtf8(decodeEnvelope(envelope).payload)) as DecisionRecord).response;
}

/** True if a policy denied, so that an approval overrides the denial. */
function isOverride(row: GateRow): boolean {
  return (requestOf(row).policy ?? null) !== null;
}

function receiptOf({ state, approvals, required, expiresAt }: GateRow): Omit<Receipt, 'receipt'> {
  return { state, approvals, required, until: expiresAt };
}

/** The id of a decision is derived from its token, so that a token cannot be used for a second decision. */
function decisionOfToken({ iss }: Principal, { jti }: BoundToken): string {
  return `dec_${digestOf({ iss, jti }).slice('sha256:'.length, 'sha256:'.length + 32)}`;
}

function auditEvent(principal: Principal, decision: Decision, outcome: JsonObject): JsonObject {
  const { runId, gate } = decision;
  return { type: 'gate.decision', runId, gate, decision: decision.decision, ...auditedCaller(principal), ...outcome };
}

function refOf(response: DecisionRecord['response']): ValueRef {
  if (response === null) return null;
  const text = canonical(response);
  return { digest: sha256(text), kind: 'value', size: utf8Size(text) };
}
