import { canonical } from '../../canonical/canonical';
import { digestOf, sha256 } from '../../canonical/digest';
import { PAYLOAD_TYPE, type ResolutionOutcome, type ResolutionRecord } from '../../evidence/records/documents';
import type { Envelope } from '../../evidence/encoding/envelope';
import type { RunId, StepId } from '../../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json';
import { sameSubject, type Principal } from '../../foundation/principal';
import { objectionToDeciders } from '../../gate/deciders';
import { nodeOf } from '../../plan/place';
import type { RunNode } from '../../plan/plan';
import type { AttentionStore, SignedResolution } from '../../ports/gates/attention-store';
import type { GateStore } from '../../ports/gates/gate-store';
import type { RunReader } from '../../ports/runs/run-reader';
import type { RunSteps } from '../steps/run-steps';
import type { Signer } from '../../ports/evidence/signer';
import type { RunDocuments } from '../../stored/run-documents';
import { actorsOf, auditedCaller } from '../callers/audited-caller';
import { deciderError } from './decision-checks';
import { DecisionError } from './decision-error';
import { checkResolvedOutputs } from './resolved-outputs';

/** A person's resolution of an execution with an unknown outcome. */
export interface Resolution {
  readonly runId: RunId;
  readonly step: string;
  readonly execution: number;
  readonly outcome: ResolutionOutcome;
  /** With `succeeded`: the outputs of the step; null: none. */
  readonly outputs: Json;
  readonly reason: string;
}

interface ResolveAttentionDependencies {
  readonly attention: AttentionStore;
  readonly gates: GateStore;
  readonly reader: RunReader;
  readonly steps: Pick<RunSteps, 'find'>;
  readonly signer: Signer<'ledger'>;
}

const ROUNDS = 20;

/**
 * Ends the attention that a `once` step needs (docs/guides/approvals.md, Steps with unknown outcome): a person who did not initiate the run states what it did. Everything is
 * checked first without locks, and a refusal is audited. Then the resolution is signed and applied in one SQL statement. The same
 * resolution by the same person is answered with its first record. Throws `DecisionError`.
 */
export class ResolveAttention {
  constructor(private readonly dependencies: ResolveAttentionDependencies) {}

  /** The signed resolution. */
  async resolve(principal: Principal, resolution: Resolution): Promise<Envelope> {
    try {
      return await this.resolveOrRefuse(principal, resolution);
    } catch (error) {
      if (DecisionError.is(error) && error.code !== 'RUN_NOT_FOUND') {
        const event = auditEvent(principal, resolution, { outcome: 'refused', code: error.code });
        await this.dependencies.gates.audit(principal.tenant, event);
      }
      throw error;
    }
  }

  private async resolveOrRefuse(principal: Principal, resolution: Resolution): Promise<Envelope> {
    const { gates, attention } = this.dependencies;
    const parent = await this.check(principal, resolution, await gates.now());
    for (let round = 0; round < ROUNDS; round++) {
      const signed = await this.sign(principal, resolution, parent, await gates.now());
      const resolved = await attention.resolve(signed);
      switch (resolved.kind) {
        case 'counted':
          return signed.envelope;
        case 'known': {
          const same = sameSubject(resolved.person, principal) && resolved.outcome === resolution.outcome;
          if (same) return resolved.envelope;
          throw new DecisionError('ATTENTION_RESOLVED');
        }
        case 'refused':
          throw new DecisionError(resolved.code);
        case 'again':
      }
    }
    throw new DecisionError('DECISIONS_TOO_MANY');
  }

  /** Checks that need no lock. Returns the step's container, by which its row is found. */
  private async check(principal: Principal, resolution: Resolution, at: number): Promise<string> {
    const { tenant, kind, authTimeMs } = principal;
    const { runId, outcome, outputs, reason } = resolution;
    if (kind !== 'person' || authTimeMs === null) throw new DecisionError('GATE_NOT_A_PERSON');
    const [run, planned] = await Promise.all([
      this.dependencies.reader.summary(tenant, runId),
      this.dependencies.reader.documents(tenant, runId),
    ]);
    if (!run || !planned) throw new DecisionError('RUN_NOT_FOUND');
    const { maxAuthAgeMs, actors } = planned.environment.approvals.floor;
    const { initiators } = run;
    const deciders = { person: principal, onBehalfOf: null, actors: principal.actors };
    const objection = objectionToDeciders(deciders, { initiators, selfApproval: false, ...(actors && { actors }) });
    if (objection !== null) throw deciderError(principal, objection);
    if (maxAuthAgeMs !== null && at - authTimeMs > maxAuthAgeMs)
      throw new DecisionError('GATE_AUTH_TOO_OLD', undefined, [], Math.floor(maxAuthAgeMs / 1_000));
    if (reason.trim() === '') throw new DecisionError('GATE_REASON_REQUIRED');
    const node = runNodeOf(planned, resolution.step);
    if (!node) throw new DecisionError('ATTENTION_NOT_NEEDED', 'the plan of the run has no such step');
    if (outcome === 'succeeded') checkResolvedOutputs(node, outputs);
    else if (outputs !== null)
      throw new DecisionError('ATTENTION_OUTPUTS_INVALID', 'only a step that succeeded can have outputs');
    const row = await this.dependencies.steps.find(tenant, runId, resolution.step);
    if (!row) throw new DecisionError('ATTENTION_NOT_NEEDED', 'the run has not reached the step');
    const execution = isJsonObject(row.error) ? row.error['execution'] : null;
    // If the step no longer needs attention, the SQL statement reports the reason, because a repeated resolution is not refused.
    if (row.status === 'needs_attention' && execution !== resolution.execution)
      throw new DecisionError('ATTENTION_STALE');
    return row.parent ?? '';
  }

  private async sign(
    principal: Principal,
    resolution: Resolution,
    parent: string,
    at: number,
  ): Promise<SignedResolution> {
    const { tenant, iss, sub, authTimeMs } = principal;
    const { runId, step, execution, outcome, outputs, reason } = resolution;
    const person = { iss, sub };
    const record: ResolutionRecord = {
      schema: 'taskrunner.resolution.v1',
      runId,
      tenant,
      step,
      execution,
      outcome,
      outputsDigest: outputs === null ? null : digestOf(outputs),
      person,
      actors: actorsOf(principal),
      reason,
      authTime: new Date(authTimeMs ?? 0).toISOString(),
      decidedAt: new Date(at).toISOString(),
      proof: { kind: 'service' },
    };
    const payload = canonical(record as unknown as Json);
    const recordDigest = sha256(payload);
    return {
      tenant,
      runId,
      step,
      parent,
      execution,
      outcome,
      person,
      decidedAt: at,
      envelope: await this.dependencies.signer.sign(PAYLOAD_TYPE.resolution, payload),
      recordDigest,
      outputs,
      // The worker reads only the envelope, and from the message only its kind.
      message: {
        type: 'attention.resolved',
        step: step as StepId,
        execution,
        outcome,
        outputs: null,
        record: recordDigest,
      },
      audit: auditEvent(principal, resolution, { outcome: 'resolved', record: recordDigest }),
    };
  }
}

function runNodeOf({ index }: RunDocuments, step: string): RunNode | null {
  const node = index.nodes.get(nodeOf(step as StepId))?.node;
  return node?.kind === 'run' ? node : null;
}

function auditEvent(principal: Principal, resolution: Resolution, outcome: JsonObject): JsonObject {
  const { runId, step, execution, outcome: said } = resolution;
  return { type: 'attention.resolution', runId, step, execution, said, ...auditedCaller(principal), ...outcome };
}
