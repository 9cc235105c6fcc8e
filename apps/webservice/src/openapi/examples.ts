import type { Json, JsonObject } from '@taskrunner/core';

const RUN = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef';
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const BASE = 'https://runner.example.org/api';

const envelope: Json = {
  payload: 'e30=',
  payloadType: 'application/vnd.taskrunner.decision+json',
  signatures: [{ keyid: 'SHA256:3Wq0', sig: 'c2ln' }],
};

const artifact: JsonObject = {
  artifactId: 'art_01',
  step: 'scan',
  execution: 1,
  name: 'report',
  path: 'out/report.json',
  digest: digest('b'),
  size: 4_096,
  mediaType: 'application/json',
  createdAt: '2026-11-24T10:00:06.000Z',
  links: { download: `${BASE}/runs/${RUN}/artifacts/art_01` },
};

const manifest =
  'apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: {name: hello, version: 1.0.0}\nspec:\n  steps:\n    - id: greet\n      run: {uses: builtin:noop}\n';

/** Examples of the OpenAPI document: one of each request and answer. */
export const EXAMPLES = {
  manifest,
  run: {
    runId: RUN,
    status: 'waiting',
    pack: { name: 'image-remediation', version: '1.4.0', digest: digest('a') },
    planHash: digest('1'),
    profileDigest: digest('2'),
    requester: { id: 'u-17', iss: 'https://id.example.org', name: 'Ada' },
    labels: { ticket: 'SEC-42' },
    createdAt: '2026-11-24T10:00:00.000Z',
    startedAt: '2026-11-24T10:00:00.120Z',
    finishedAt: null,
    waits: [{ kind: 'approval', id: 'approve', since: '2026-11-24T10:00:09.000Z', until: '2026-11-25T10:00:09.000Z' }],
    steps: {
      total: 9,
      pending: 7,
      running: 0,
      waiting: 1,
      retrying: 0,
      needs_attention: 0,
      succeeded: 1,
      failed: 0,
      skipped: 0,
      cancelled: 0,
    },
    outputs: null,
    error: null,
    evidence: { status: 'none', digest: null },
    lastLine: 412,
    rerunOf: null,
    links: {
      self: `${BASE}/runs/${RUN}`,
      graph: `${BASE}/runs/${RUN}/graph`,
      steps: `${BASE}/runs/${RUN}/steps`,
      logs: `${BASE}/runs/${RUN}/logs`,
      artifacts: `${BASE}/runs/${RUN}/artifacts`,
      console: `https://runner.example.org/runs/${RUN}`,
    },
  },
  artifact,
  step: {
    id: 'scan',
    parent: '',
    kind: 'run',
    label: null,
    status: 'succeeded',
    reason: null,
    attempts: 1,
    nextAttemptAt: null,
    startedAt: '2026-11-24T10:00:01.000Z',
    finishedAt: '2026-11-24T10:00:06.000Z',
    children: null,
    outputs: { exitCode: 0 },
    outputsRef: null,
    artifacts: [artifact],
    error: null,
  },
  line: {
    runId: RUN,
    sequence: 17,
    timestamp: '2026-11-24T10:00:02.000Z',
    level: 'info',
    eventType: 'step.log',
    message: 'scanning 12 images',
    stepId: 'scan',
  },
  graph: {
    planHash: digest('1'),
    nodes: [
      {
        id: 'scan',
        name: 'scan',
        label: null,
        kind: 'run',
        parent: '',
        needs: [],
        uses: 'builtin:command',
        effects: 'idempotent',
        approval: null,
        policy: null,
      },
      {
        id: 'approve',
        name: 'approve',
        label: null,
        kind: 'gate',
        parent: '',
        needs: ['scan'],
        uses: null,
        effects: null,
        approval: 'prod',
        policy: null,
      },
    ],
  },
  plan: {
    planHash: digest('1'),
    receipt: { graph: digest('3'), inputs: digest('4') },
    profileDigest: digest('2'),
    plan: { schema: 'taskrunner.plan.v1' },
    profile: { schema: 'taskrunner.profile.v1' },
    warnings: [],
  },
  check: { valid: true, errors: [] },
  simulation: { planHash: digest('1'), nodes: [{ id: 'scan', kind: 'run', class: 'pending', reason: null }] },
  gate: {
    runId: RUN,
    gateId: 'approve',
    status: 'open',
    gateDigest: digest('5'),
    planHash: digest('1'),
    request: { schema: 'taskrunner.gate-request.v1', gate: 'approve', message: 'Roll out 1.4.0?' },
    show: { findings: 3 },
    approvals: 1,
    required: 2,
    until: '2026-11-25T10:00:09.000Z',
    decisions: [
      {
        decisionId: 'dec_7f',
        decision: 'approved',
        person: { iss: 'https://id.example.org', sub: 'u-42' },
        reason: 'CVE list reviewed',
        response: null,
        decidedAt: '2026-11-24T10:05:00.000Z',
      },
    ],
    canDecide: true,
    why: null,
    links: {
      self: `${BASE}/runs/${RUN}/gates/approve`,
      run: `${BASE}/runs/${RUN}`,
      approve: `${BASE}/runs/${RUN}/approve`,
    },
  },
  approve: {
    gateId: 'approve',
    decision: 'approved',
    planHash: digest('1'),
    gateDigest: digest('5'),
    reason: 'CVE list reviewed',
  },
  receipt: {
    gateId: 'approve',
    status: 'approved',
    approvals: 2,
    required: 2,
    until: '2026-11-25T10:00:09.000Z',
    receipt: envelope,
  },
  resolve: { execution: 2, outcome: 'succeeded', outputs: { receipt: 'PAY-7' }, reason: 'the bank shows PAY-7' },
  resolution: { runId: RUN, stepId: 'pay', execution: 2, outcome: 'succeeded', receipt: envelope },
  attestations: { statements: { 'pack-run': { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' } } },
  me: {
    person: { iss: 'https://id.example.org', sub: 'u-17', name: 'Ada', kind: 'person' },
    tenant: 'acme',
    tenants: ['acme'],
    scopes: ['packs.read', 'packs.run'],
    grants: [],
    expiresAt: '2026-11-24T11:00:00.000Z',
  },
  errorCode: {
    code: 'GATE_STALE',
    status: 409,
    title: 'The gate shows something else',
    remediation: 'Look at the gate again.',
    retryable: false,
  },
  submission: { manifest, inputs: {}, planHash: digest('1'), labels: { ticket: 'SEC-42' } },
} satisfies Readonly<Record<string, Json>>;

/** A page with one item. */
export function pageExample(item: Json): Json {
  return { items: [item], nextCursor: null };
}
