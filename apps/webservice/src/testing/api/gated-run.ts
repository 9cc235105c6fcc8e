import { digestOf, sha256 } from '@taskrunner/core/canonical';
import type { Json, JsonObject, RunId } from '@taskrunner/core/foundation';
import type { ClaimedRun } from '@taskrunner/core/ports';
import { MANIFEST, TENANT } from './sample';
import type { Committed } from './worker-side';

/** Calls of a caller and of a worker. */
export interface Calls {
  readonly ask: (login: string, method: string, path: string) => Promise<{ readonly body: JsonObject }>;
  readonly submit: (more: object, proof?: 'token') => Promise<RunId>;
  readonly commit: (runId: RunId, supplied: (claimed: ClaimedRun) => Committed) => Promise<void>;
}

/** What the pack of the sample says of its gates. */
const PLANNED: Readonly<
  Record<string, { readonly message: string; readonly requirement: JsonObject & { approval: string } }>
> = {
  approve: {
    message: 'go?',
    requirement: { approval: 'prod', grants: ['packs.approve', 'role:sec-lead'], reasonRequired: false },
  },
  quick: { message: 'and?', requirement: { approval: 'quick', grants: ['packs.approve'], reasonRequired: true } },
};

/** Requirements other than those of the sample, and what its pack says for them. The proof is of the environment. */
const WRITTEN: Readonly<Record<string, (value: Json) => string>> = {
  minApprovals: (value) => `minApprovals: ${JSON.stringify(value)}`,
  maxAuthAge: (value) => `maxAuthAge: ${typeof value === 'string' ? value.slice(2).toLowerCase() : ''}`,
};

function manifestWith(gate: string, requirement: JsonObject): string {
  const written = Object.entries(requirement).flatMap(([name, value]) => WRITTEN[name]?.(value) ?? []);
  const approval = PLANNED[gate]?.requirement.approval ?? '';
  return MANIFEST.replace(`{ id: ${approval},`, (found) => [found, ...written.map((one) => `${one},`)].join(' '));
}

/**
 * Makes a run wait at a gate. Returns it with the decision that approves the gate. `requirement`: what the gate requires in addition; the
 * pack and the environment of the run say so, too.
 */
export async function gated(
  { ask, submit, commit }: Calls,
  gate: string,
  change: JsonObject = {},
  requirement: JsonObject = {},
): Promise<{ runId: RunId; decision: JsonObject }> {
  const proof = requirement['proof'] === 'token' ? 'token' : undefined;
  const runId = await submit({ manifest: manifestWith(gate, requirement) }, proof);
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
        minApprovals: 1,
        selfApproval: false,
        proof: 'service',
        maxAuthAge: null,
        ...PLANNED[gate]?.requirement,
        formDigest: form === null ? null : digestOf(form),
        ...requirement,
      },
      policy: null,
      message: PLANNED[gate]?.message ?? '',
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
