import { digestOf, sha256 } from '@taskrunner/core/canonical';
import type { JsonObject, RunId } from '@taskrunner/core/foundation';
import type { Plan, Profile } from '@taskrunner/core/plan';
import type { ClaimedRun } from '@taskrunner/core/ports';
import { environment, MANIFEST, TENANT } from './sample';
import type { Committed } from './worker-side';

/** Calls of a caller and of a worker. */
export interface Calls {
  readonly ask: (login: string, method: string, path: string) => Promise<{ readonly body: JsonObject }>;
  readonly submit: (more: object, proof?: 'token') => Promise<RunId>;
  readonly commit: (runId: RunId, supplied: (claimed: ClaimedRun) => Committed) => Promise<void>;
}

/**
 * Makes a run wait at a gate, with the request that its plan determines. Returns it with the decision that approves the gate. `change`: other
 * members of the request, which the plan does not determine. `proof`: what the environment of the run needs.
 */
export async function gated(
  { ask, submit, commit }: Calls,
  gate: string,
  change: JsonObject = {},
  manifest: string = MANIFEST,
  proof?: 'token',
): Promise<{ runId: RunId; decision: JsonObject }> {
  const runId = await submit({ manifest }, proof);
  const { body } = await ask('ada', 'GET', `/api/runs/${runId}/plan`);
  const planHash = body['planHash'] as string;
  const { graph, approvals } = body['plan'] as unknown as Plan;
  const node = graph.nodes.find(({ id }) => id === gate);
  const approval = node?.kind === 'gate' ? approvals.find(({ id }) => id === node.approval) : undefined;
  if (node?.kind !== 'gate' || !approval) throw new TypeError('no gate of the plan');
  const { form } = node;
  const now = Date.now();
  let gateDigest = '';
  await commit(runId, ({ profile, profileDigest, admissionDigest }) => {
    const { expiresAfterMs, executeWithinMs } = (JSON.parse(profile) as Profile).defaults;
    const expiresAt = now + Math.min(expiresAfterMs, environment().approvals.floor.maxExpiresAfterMs);
    const request: JsonObject = {
      schema: 'taskrunner.gate-request.v1',
      runId,
      tenant: TENANT,
      gate,
      label: null,
      planHash,
      profileDigest,
      admissionDigest,
      requirement: {
        approval: approval.id,
        grants: [...new Set(['packs.approve', ...approval.grants])].sort(),
        minApprovals: approval.minApprovals,
        selfApproval: false,
        proof: proof ?? 'service',
        maxAuthAge: approval.maxAuthAgeMs === null ? null : `PT${approval.maxAuthAgeMs / 1_000}S`,
        reasonRequired: approval.reasonRequired,
        formDigest: form === null ? null : digestOf(form),
      },
      policy: null,
      message: node.message ?? '',
      showDigest: digestOf({}),
      reads: { scan: sha256('scan') },
      item: null,
      secrets: [],
      opens: [],
      notApplied: [],
      nonce: runId,
      openedAt: new Date(now).toISOString(),
      expiresAt: new Date(expiresAt).toISOString(),
      executeBy: new Date(expiresAt + executeWithinMs).toISOString(),
      ...change,
    };
    gateDigest = digestOf(request);
    const required = Number((request['requirement'] as JsonObject)['minApprovals']);
    return {
      gates: [
        {
          kind: 'opened',
          gate,
          approval: approval.id,
          gateDigest: digestOf(request),
          request,
          show: {},
          required,
          expiresAt,
        },
      ],
    };
  });
  return { runId, decision: { gateId: gate, decision: 'approved', planHash, gateDigest } };
}
