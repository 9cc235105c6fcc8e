import {
  objectionTo,
  recordsOf,
  requestOf,
  type GateRow,
  type Json,
  type JsonObject,
  type NodeId,
  type PlanDiff,
  type PlannerErrorCode,
  type Principal,
  type RunId,
} from '@taskrunner/core';
import type { PublicUrl } from '../public-url';
import { instant } from '../runs/run-view';

/** How the plan differs from that of the last run of the pack that people approved; `why`: the code of why it cannot be told. */
export interface GatePlanDiff {
  readonly against: RunId;
  readonly diff: PlanDiff | null;
  readonly why: PlannerErrorCode | null;
}

/**
 * A gate as the API shows it to one caller: what is decided, by whom so far, and whether the caller may. `ungatedEffects` are the
 * steps of the run that act without any approval; null in lists, as is `planDiff`.
 */
export function toGate(
  row: GateRow,
  principal: Principal,
  now: number,
  url: PublicUrl,
  ungatedEffects: readonly NodeId[] | null = null,
  planDiff: GatePlanDiff | null = null,
): JsonObject {
  const why = objectionTo(principal, row, now);
  return {
    runId: row.runId,
    gateId: row.gate,
    status: row.state,
    gateDigest: row.gateDigest,
    planHash: row.planHash,
    request: requestOf(row) as unknown as JsonObject,
    show: row.show,
    approvals: row.approvals,
    required: row.required,
    until: instant(row.expiresAt),
    decisions: recordsOf(row).map(({ decisionId, decision, person, actors, reason, response, decidedAt }) => ({
      decisionId,
      decision,
      person: { iss: person.iss, sub: person.sub },
      actors: actors?.map(({ iss, sub, kind }) => ({ iss, sub, kind })) ?? null,
      reason,
      response,
      decidedAt,
    })),
    ungatedEffects,
    planDiff: planDiff as unknown as Json,
    canDecide: why === null,
    why,
    links: {
      self: url.run(row.runId, `/gates/${encodeURIComponent(row.gate)}`),
      run: url.run(row.runId),
      approve: url.run(row.runId, '/approve'),
    },
  };
}
