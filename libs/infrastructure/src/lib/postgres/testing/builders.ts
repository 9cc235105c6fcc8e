import { randomUUID } from 'node:crypto';
import { canonical, digestOf, sha256 } from '@taskrunner/core/canonical';
import { anAdmission } from '@taskrunner/core/testing';
import type { Envelope } from '@taskrunner/core/evidence';
import type { Actor, Digest, RunId, StepId, TenantId } from '@taskrunner/core/foundation';
import type { Entry } from '@taskrunner/core/journal';
import type {
  Announcement,
  ClaimedRun,
  Commit,
  NewRun,
  RunChange,
  RunStore,
  SignedDecision,
  SignedResolution,
  StepRow,
  WorkerDescription,
} from '@taskrunner/core/ports';
import type { InputEventBody } from '@taskrunner/core/run';
import { valueRefOf } from '../encoding/run-rows';

export const tenantA = 'acme' as TenantId;
export const tenantB = 'bravo' as TenantId;

export const ENVIRONMENT = JSON.stringify({ schema: 'taskrunner.environment.v1', isolation: 'bwrap-netns/v1' });
export const ENVIRONMENT_DIGEST = sha256(ENVIRONMENT);
const INPUTS = { image: 'app:1' };
export const PLAN = canonical({ inputs: INPUTS });
const PROFILE = canonical({ profile: 1, environment: ENVIRONMENT_DIGEST });

export function anEnvelope(payload: string): Envelope {
  return {
    payload: Buffer.from(payload).toString('base64'),
    payloadType: 'application/vnd.taskrunner.test+json',
    signatures: [{ keyid: 'SHA256:test', sig: 'AAAA' }],
  };
}

export function aNewRun(runId: RunId, at: number, overrides: Partial<NewRun> = {}): NewRun {
  const run = unsigned(runId, at, overrides);
  const { tenant, planHash, profileDigest, initiators, rerunOf } = run;
  const rerun = rerunOf === null ? {} : { rerun: { from: 'start', head: sha256('head') } };
  const pack = { ...run.pack, signers: [] };
  const named = { runId, tenant, planHash, profileDigest, initiators, rerunOf, pack, ...rerun };
  const { admission, admissionDigest } = anAdmission(named);
  return { ...run, admission, admissionDigest, ...overrides };
}

function unsigned(runId: RunId, at: number, overrides: Partial<NewRun>): NewRun {
  return {
    tenant: tenantA,
    runId,
    planHash: sha256(PLAN),
    plan: PLAN,
    profile: PROFILE,
    profileDigest: sha256(PROFILE),
    environment: ENVIRONMENT,
    environmentDigest: ENVIRONMENT_DIGEST,
    pack: { name: 'demo', version: '1.0.0', contentDigest: sha256('content'), sourceDigest: sha256('source') },
    packSignatures: [],
    manifest: '{"name":"demo"}',
    forms: '[{"type":"object","properties":{"window":{},"alarm":{}}}]',
    files: [],
    inputs: canonical(INPUTS),
    sensitive: [{ name: 'pin', sealed: Uint8Array.of(1, 2, 3) }],
    initiators: [{ iss: 'https://id.test', sub: 'ada', kind: 'person' }],
    requester: { iss: 'https://id.test', sub: 'ada', name: 'Ada' },
    labels: { ticket: 'SEC-42' },
    rerunOf: null,
    admission: anEnvelope('admission'),
    admissionDigest: sha256('admission'),
    audit: { type: 'run.submitted', runId },
    acceptedAt: at,
    stepsTotal: 1,
    workerLabels: [],
    concurrency: null,
    idempotency: null,
    ...overrides,
  };
}

/** Submits a run, which then waits for a worker. */
export async function submit(store: RunStore, overrides: Partial<NewRun> = {}): Promise<RunId> {
  const { at, runId } = await store.stamp();
  const created = await store.create(aNewRun(runId, at, overrides));
  if (created.kind !== 'created') throw new Error(created.kind);
  return runId;
}

export function aWorker(overrides: Partial<WorkerDescription> = {}): WorkerDescription {
  return {
    name: 'worker-1',
    version: '0.1.0',
    build: sha256('build'),
    isolations: ['bwrap-netns/v1'],
    probe: sha256('probe'),
    environments: [ENVIRONMENT_DIGEST],
    labels: [],
    ...overrides,
  };
}

export function aStep(step: string, overrides: Partial<StepRow> = {}): StepRow {
  return {
    step,
    parent: '',
    place: 0,
    kind: 'run',
    label: null,
    status: 'succeeded',
    reason: null,
    attempts: 1,
    nextAttemptAt: null,
    startedAt: 1,
    finishedAt: 2,
    children: null,
    outputs: { ok: true },
    outputsRef: overrides.outputs === undefined ? valueRefOf({ ok: true }) : null,
    reusedFrom: null,
    error: null,
    ...overrides,
  };
}

const running: RunChange = {
  status: 'running',
  startedAt: 1,
  finishedAt: null,
  waits: [],
  counts: { total: 1 },
  outputs: null,
  message: null,
  error: null,
  lastLine: 0,
  progressed: false,
};

/** A driver's position in its run's journal. */
export interface Position {
  readonly prevSeq: number;
  readonly prev: Digest;
  readonly seen: number;
}

export const start: Position = { prevSeq: 0, prev: sha256('admission'), seen: 0 };

/** A commit of `entries` entries after a position. `run` overrides columns of the run's row. */
export function aCommit(
  claimed: ClaimedRun,
  at: Position,
  overrides: Partial<Omit<Commit, 'run'>> & { readonly run?: Partial<RunChange>; readonly entries?: number } = {},
): Commit {
  const { run, entries = 1, ...rest } = overrides;
  const first = at.prevSeq + 1;
  return {
    tenant: claimed.tenant,
    runId: claimed.runId,
    fence: claimed.fence,
    prevSeq: at.prevSeq,
    page: {
      first,
      entries: Array.from({ length: entries }, (_, index): Entry => ({
        seq: first + index,
        at: 1,
        kind: 'derived',
        event: { type: 'run.started' },
      })),
      values: {},
      prev: at.prev,
      hash: sha256(randomUUID()),
    },
    mac: 'ab'.repeat(32),
    steps: [],
    changes: [],
    areStepsJournaled: false,
    gates: [],
    artifacts: [],
    chunks: [],
    seen: at.seen,
    isSnapshot: false,
    closes: false,
    releases: false,
    dueAt: null,
    outbox: [],
    ...rest,
    run: { ...running, ...run },
  };
}

/** The position after a commit. */
export function after({ page, seen }: Commit): Position {
  return { prevSeq: page.first + page.entries.length - 1, prev: page.hash, seen };
}

export const cancelRequest: InputEventBody = {
  type: 'run.cancel-requested',
  by: { iss: 'https://id.test', sub: 'ada' },
  reason: 'test',
  force: false,
};

/** Digests of the gates that were opened by these builders, by run and gate, for decisions. */
const gateDigests = new Map<string, Digest>();

/** Opens a gate whose request names its run and shows three findings. */
export function aGateOpened(
  { tenant, runId, planHash, profileDigest, admissionDigest }: ClaimedRun,
  { gate = 'approve', required = 1, expiresAt = 4_000_000_000_000 } = {},
) {
  const show = { findings: 3 };
  const request = {
    ...{ schema: 'taskrunner.gate-request.v1', runId, tenant, gate, label: null },
    ...{ planHash, profileDigest, admissionDigest },
    requirement: {
      ...{ approval: 'security', grants: ['packs.approve'], minApprovals: required, selfApproval: false },
      ...{ proof: 'service', maxAuthAge: null, reasonRequired: false, formDigest: null },
    },
    ...{ policy: null, message: 'go?', showDigest: digestOf(show), reads: {}, item: null, secrets: [] },
    ...{ opens: [], notApplied: [], nonce: 'n', openedAt: instant(0) },
    ...{ expiresAt: instant(expiresAt), executeBy: instant(expiresAt) },
  };
  const gateDigest = digestOf(request);
  gateDigests.set(`${runId} ${gate}`, gateDigest);
  return { kind: 'opened', gate, approval: 'security', gateDigest, request, show, required, expiresAt } as const;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

export function aDecision(
  runId: RunId,
  sub: string,
  decidedAt: number,
  overrides: Partial<SignedDecision> & { readonly delegator?: string; readonly actors?: readonly Actor[] } = {},
): SignedDecision {
  const { delegator, actors, ...rest } = overrides;
  const person = { iss: 'https://id.test', sub };
  const decisionId = rest.decisionId ?? randomUUID();
  const decision = rest.decision ?? 'approved';
  const { tenant = tenantA, gate = 'approve' } = rest;
  const record = {
    ...{ schema: 'taskrunner.decision.v1', decisionId, runId, tenant, gate, planHash: sha256(PLAN) },
    ...{ gateDigest: gateDigests.get(`${runId} ${gate}`) ?? sha256('gate'), decision, response: null, person },
    onBehalfOf: delegator ? { iss: person.iss, sub: delegator, delegation: sha256('delegation') } : null,
    ...(actors && { actors: actors.map(({ iss, sub: of, kind }) => ({ iss, sub: of, kind })) }),
    ...{ grants: [], bound: 'gate', authTime: instant(0), acr: null, reason: null },
    ...{ decidedAt: instant(decidedAt), proof: { kind: 'service' } },
  };
  const payload = canonical(record);
  return {
    tenant: tenantA,
    runId,
    gate: 'approve',
    decisionId,
    decision,
    person,
    name: `${sub} by name`,
    decidedAt,
    lastDecidedAt: null,
    envelope: anEnvelope(payload),
    recordDigest: sha256(payload),
    response: null,
    message: {
      type: 'gate.decided',
      step: 'approve',
      decision: {
        decisionId,
        gateDigest: sha256('gate'),
        planHash: sha256(PLAN),
        decision,
        person,
        onBehalfOf: delegator ? { iss: 'https://id.test', sub: delegator } : null,
        ...(actors && { actors }),
        grants: [],
      },
      record: sha256(decisionId),
      response: { kind: 'inline', value: null, digest: sha256('null') },
    } as unknown as InputEventBody,
    audit: { type: 'gate.decided', decisionId, sub },
    ...rest,
  };
}

export function aResolution(
  runId: RunId,
  sub: string,
  decidedAt: number,
  overrides: Partial<SignedResolution> = {},
): SignedResolution {
  const { step = 'pay', execution = 1, outcome = 'succeeded' } = overrides;
  const person = { iss: 'https://id.test', sub };
  const record = {
    ...{ schema: 'taskrunner.resolution.v1', runId, tenant: tenantA, step, execution, outcome, outputsDigest: null },
    ...{
      person,
      reason: randomUUID(),
      authTime: instant(0),
      decidedAt: instant(decidedAt),
      proof: { kind: 'service' },
    },
  };
  const recordDigest = digestOf(record);
  return {
    tenant: tenantA,
    runId,
    step,
    parent: '',
    execution,
    outcome,
    person,
    decidedAt,
    envelope: anEnvelope(canonical(record)),
    recordDigest,
    outputs: null,
    message: {
      type: 'attention.resolved',
      step: step as StepId,
      execution,
      outcome,
      outputs: null,
      record: recordDigest,
    },
    audit: { type: 'attention.resolution', step, sub },
    ...overrides,
  };
}

/** An announcement of a run for an endpoint, at a position in its stream. */
export function anAnnouncement(
  place: number,
  stream = 'hook',
  overrides: Partial<Announcement> = {},
  dueAt: number | null = null,
) {
  const body: Announcement = {
    type: 'gate.opened',
    at: 1,
    gate: 'approve',
    gateDigest: sha256('gate'),
    step: null,
    execution: null,
    ...overrides,
  };
  return { kind: 'announce', body, stream, place, dueAt } as const;
}
