import { digestOf, sha256 } from '@taskrunner/core/canonical';
import type { Json, JsonObject, RunId } from '@taskrunner/core/foundation';
import type { ClaimedRun } from '@taskrunner/core/ports';
import { TENANT } from './sample';
import type { Committed } from './worker-side';

/** Calls of a caller and of a worker. */
export interface Calls {
  readonly ask: (login: string, method: string, path: string) => Promise<{ readonly body: JsonObject }>;
  readonly submit: () => Promise<RunId>;
  readonly commit: (runId: RunId, supplied: (claimed: ClaimedRun) => Committed) => Promise<void>;
}

/** Makes a run wait at a gate. Returns it with the decision that approves the gate. */
export async function gated(
  { ask, submit, commit }: Calls,
  gate: string,
  change: JsonObject = {},
  requirement: JsonObject = {},
): Promise<{ runId: RunId; decision: JsonObject }> {
  const runId = await submit();
  const { body } = await ask('ada', 'GET', `/api/runs/${runId}/plan`);
  const planHash = body['planHash'] as string;
  const form =
    (body['plan'] as unknown as { graph: { nodes: { id: string; form: Json }[] } }).graph.nodes.find(
      ({ id }) => id === gate,
    )?.form ?? null;
  const now = Date.now();
  let gateDigest = '';
  await commit(runId, ({ profileDigest, admissionDigest }) => {
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
        approval: gate,
        grants: gate === 'approve' ? ['packs.approve', 'role:sec-lead'] : ['packs.approve'],
        minApprovals: 1,
        selfApproval: false,
        proof: 'service',
        maxAuthAge: null,
        reasonRequired: gate === 'quick',
        formDigest: form === null ? null : digestOf(form),
        ...requirement,
      },
      policy: null,
      message: 'go?',
      showDigest: digestOf({}),
      reads: { scan: sha256('scan') },
      item: null,
      secrets: [],
      opens: [],
      notApplied: [],
      nonce: runId,
      openedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + 3_600_000).toISOString(),
      executeBy: new Date(now + 7_200_000).toISOString(),
      ...change,
    };
    gateDigest = digestOf(request);
    const required = Number((request['requirement'] as JsonObject)['minApprovals']);
    const expiresAt = now + 3_600_000;
    return {
      gates: [
        { kind: 'opened', gate, approval: gate, gateDigest: digestOf(request), request, show: {}, required, expiresAt },
      ],
    };
  });
  return { runId, decision: { gateId: gate, decision: 'approved', planHash, gateDigest } };
}
