import { runStatuses, stepEnds } from '@taskrunner/core/foundation';
import { FEED_EVENT_TYPES, STUCK_REASONS } from '@taskrunner/core/ports';
import type { Schema } from './operation';

const text: Schema = { type: 'string' };
const maybeText: Schema = { type: ['string', 'null'] };
const whole: Schema = { type: 'integer', minimum: 0 };
const offset: Schema = { type: 'integer' };
const maybeOffset: Schema = { type: ['integer', 'null'] };
const flag: Schema = { type: 'boolean' };
const anything: Schema = {};
const instant: Schema = { type: 'string', format: 'date-time' };
const maybeInstant: Schema = { type: ['string', 'null'], format: 'date-time' };
const digest: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
const maybeDigest: Schema = { type: ['string', 'null'], pattern: '^sha256:[0-9a-f]{64}$' };
const link: Schema = { type: 'string', format: 'uri' };
const object: Schema = { type: 'object' };
const effects: Schema = { type: 'string', enum: ['pure', 'idempotent', 'once'] };

function closed(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', additionalProperties: false, required, properties };
}

function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/** A list with exactly these values. */
function tupleOf(...values: readonly Schema[]): Schema {
  return { type: 'array', items: false, prefixItems: values, minItems: values.length };
}

function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** A reference to one of `SCHEMAS`. */
export function ref(name: keyof typeof SCHEMAS): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A page of a list. */
export function pageOf(name: keyof typeof SCHEMAS): Schema {
  return closed({ items: listOf(ref(name)), nextCursor: maybeText });
}

/** Every status of a step, as it is shown. */
export const stepStatuses = ['pending', 'running', 'waiting', 'retrying', 'needs_attention', ...stepEnds] as const;
/** The values of a step in a timeline, in this order. */
export const TIMING_COLUMNS = [
  'id',
  'parent',
  'kind',
  'status',
  'queuedAt',
  'startedAt',
  'endedAt',
  'attempts',
] as const;
const gateStatuses = ['open', 'approved', 'rejected', 'expired', 'closed'];
const actors = listOf(closed({ iss: text, sub: text, kind: { type: 'string', enum: ['person', 'client'] } }));

const verdictFields = {
  id: text,
  level: { type: 'string', enum: ['advisory', 'soft-mandatory', 'hard-mandatory'] },
  engine: text,
  digest: { ...digest, description: 'Digest of the policy source.' },
  result: {
    type: ['string', 'null'],
    enum: ['allow', 'deny', 'undecided', null],
    description: 'Null if the policy has not been evaluated yet. `undecided` counts as a denial.',
  },
  reasons: { ...listOf(text), description: 'Texts that the policy computed from values of the run.' },
  omittedReasons: { ...whole, description: 'Number of omitted reasons. Absent if no reason is omitted.' },
};
const verdict = closed(verdictFields, ['omittedReasons']);
const maybeVerdict = { anyOf: [{ type: 'null' }, verdict] };

const envelope = closed({
  payload: { type: 'string', contentEncoding: 'base64' },
  payloadType: text,
  signatures: listOf(closed({ keyid: text, sig: text })),
});

const faultFields = {
  code: text,
  path: text,
  line: { type: ['integer', 'null'] },
  column: { type: ['integer', 'null'] },
  message: text,
  remediation: text,
  aliases: listOf(text),
};
const fault = {
  ...closed({
    ...faultFields,
    file: { ...text, description: 'File of the pack that contains the error. Absent if the error is in the manifest.' },
  }),
  required: Object.keys(faultFields),
};

const party = closed({ id: text, iss: text, name: text, actors });

const schedule = closed(
  {
    scheduleId: text,
    name: text,
    status: { type: 'string', enum: ['active', 'paused', 'stopped', 'over'] },
    cron: text,
    timeZone: text,
    overlap: { type: 'string', enum: ['allow', 'forbid', 'replace'] },
    catchUp: { type: 'string', enum: ['none', 'latest', 'all'] },
    catchUpWindow: text,
    until: maybeInstant,
    paused: flag,
    pack: closed({ name: text, version: text, digest }),
    planHash: digest,
    profileDigest: digest,
    labels: mapOf(text),
    inputs: object,
    creator: party,
    editor: party,
    author: party,
    stopped: {
      ...closed({
        code: text,
        message: text,
        tick: instant,
        found: { ...closed({ planHash: digest, profileDigest: digest }), type: ['object', 'null'] },
        at: instant,
      }),
      type: ['object', 'null'],
    },
    nextTick: maybeInstant,
    revision: whole,
    createdAt: instant,
    updatedAt: instant,
    links: closed({ self: link, ticks: link }),
  },
  ['inputs'],
);
function publishedPack(more: Readonly<Record<string, Schema>> = {}): Schema {
  return closed({
    name: text,
    version: text,
    digest,
    contentDigest: digest,
    description: maybeText,
    registry: text,
    visibility: { type: 'string', enum: ['private', 'listed', 'public'] },
    links: closed({ self: link }),
    ...more,
  });
}

const feedEvent = closed(
  {
    position: { ...whole, description: 'From 1, without gaps.' },
    at: { ...instant, description: 'Not in order across runs.' },
    type: { type: 'string', enum: FEED_EVENT_TYPES },
    runId: text,
    status: { ...text, description: 'Of the run (`run.…`) or of the gate (`gate.opened`, `gate.closed`).' },
    gateId: text,
    decision: { type: 'string', enum: ['approved', 'rejected', 'withdrawn'] },
    bundle: { ...digest, description: 'Of `evidence.sealed`: the digest of the bundle.' },
  },
  ['status', 'gateId', 'decision', 'bundle'],
);
const logLine = {
  type: 'object',
  required: ['runId', 'sequence', 'timestamp', 'eventType'],
  properties: {
    runId: text,
    sequence: whole,
    timestamp: instant,
    level: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error'] },
    eventType: { type: 'string', enum: ['step.log', 'run.finished', 'stream.resume', 'stream.tail'] },
    message: text,
    stepId: text,
    attempt: { ...whole, description: 'Attempt of the step; absent if it has no attempts or they are not recorded.' },
    status: text,
    reason: { type: 'string', enum: ['service-stops', 'token-expired'] },
    after: whole,
    retryMs: whole,
    complete: { type: 'boolean' },
  },
};

/** All components of responses. */
export const SCHEMAS = {
  Fault: fault,
  Problem: {
    type: 'object',
    required: ['type', 'title', 'status', 'code', 'detail', 'traceId', 'instance', 'retryable', 'errors'],
    properties: {
      type: link,
      title: text,
      status: whole,
      code: text,
      detail: text,
      remediation: text,
      traceId: text,
      instance: text,
      retryable: flag,
      errors: listOf({ $ref: '#/components/schemas/Fault' }),
      planHash: digest,
      receipt: mapOf(digest),
      profileDigest: digest,
    },
  },
  Envelope: envelope,
  RunCounts: closed({
    statuses: listOf(
      closed({
        status: { type: 'string', enum: runStatuses },
        count: whole,
        atLeast: { ...flag, description: 'True: there can be more runs than `count`.' },
      }),
    ),
  }),
  Run: closed({
    runId: text,
    status: { type: 'string', enum: runStatuses },
    pack: closed({ name: text, version: text, digest }),
    planHash: digest,
    profileDigest: digest,
    requester: closed({ id: text, iss: text, name: text }),
    labels: mapOf(text),
    createdAt: instant,
    startedAt: maybeInstant,
    finishedAt: maybeInstant,
    waits: listOf(
      closed(
        {
          kind: text,
          id: maybeText,
          since: maybeInstant,
          until: maybeInstant,
          policy: {
            ...maybeVerdict,
            description: 'With kind `policy`: the denial that people can override, with its first 10 reasons.',
          },
        },
        ['policy'],
      ),
    ),
    stuck: {
      type: ['string', 'null'],
      enum: [...STUCK_REASONS, null],
      description:
        'Why the run requires manual action: a step needs attention (`attention`), its records were altered (`halted`), the seal of its evidence is blocked (`blocked`), a restore of the database stopped it (`restore`). `null`: no action is required.',
    },
    steps: closed(Object.fromEntries(['total', ...stepStatuses].map((name) => [name, whole]))),
    outputs: anything,
    error: {
      type: ['object', 'null'],
      description:
        'Why the run failed: `code`, `stepId`, `message`, `attempts` and `exitCode`. For a gate with a policy also `policy`: the result of the policy.',
    },
    evidence: closed({
      status: { type: 'string', enum: ['none', 'pending', 'blocked', 'sealed', 'refused'] },
      digest: maybeDigest,
      reason: { ...maybeText, description: 'Why the seal is blocked: `<CODE>: <detail>`.' },
      exports: listOf(
        closed({
          destination: text,
          artifacts: flag,
          status: { type: 'string', enum: ['pending', 'delivered', 'failed'] },
          tries: whole,
          reason: maybeText,
          file: text,
          requestedAt: instant,
          nextAttemptAt: maybeInstant,
          endedAt: maybeInstant,
        }),
      ),
    }),
    lastLine: whole,
    rerunOf: maybeText,
    links: closed({ self: link, graph: link, steps: link, logs: link, artifacts: link, console: link }),
  }),
  StepCounts: closed({
    parent: text,
    steps: closed(Object.fromEntries(['total', ...stepStatuses].map((name) => [name, whole]))),
  }),
  Step: closed({
    id: text,
    parent: maybeText,
    kind: text,
    label: maybeText,
    status: { type: 'string', enum: stepStatuses },
    reason: maybeText,
    attempts: whole,
    nextAttemptAt: maybeInstant,
    startedAt: maybeInstant,
    finishedAt: maybeInstant,
    children: { type: ['integer', 'null'] },
    outputs: anything,
    outputsRef: anything,
    reusedFrom: anything,
    artifacts: listOf({ $ref: '#/components/schemas/Artifact' }),
    error: {
      description: 'The same fields as in the error of a run, without `stepId`. `policy` has at most 64 reasons.',
    },
  }),
  Artifact: closed({
    artifactId: text,
    step: text,
    execution: whole,
    name: text,
    path: text,
    digest,
    size: whole,
    mediaType: text,
    createdAt: instant,
    links: closed({ download: link }),
  }),
  Timings: closed({
    runId: text,
    status: { type: 'string', enum: runStatuses },
    origin: { ...instant, description: 'All times are milliseconds after it: when the run was created.' },
    columns: listOf({ type: 'string', enum: TIMING_COLUMNS }),
    items: listOf(
      tupleOf(
        text,
        text,
        text,
        { type: 'string', enum: stepStatuses },
        maybeOffset,
        maybeOffset,
        maybeOffset,
        listOf(
          tupleOf(whole, whole, offset, maybeOffset, {
            type: ['string', 'null'],
            enum: ['succeeded', 'failed', 'stopped', 'lost', null],
          }),
        ),
      ),
    ),
    nextCursor: maybeText,
  }),
  FeedEvent: feedEvent,
  FeedPage: closed({
    items: listOf(feedEvent),
    next: { ...whole, description: 'Send it as `after` to continue.' },
    head: { ...whole, description: 'The last position of the feed.' },
    oldest: { ...whole, description: 'The earliest position after which events are kept.' },
  }),
  Upload: closed({ digest, size: whole, expiresAt: instant }),
  LogLine: logLine,
  LogPage: closed({
    items: listOf(logLine),
    total: {
      type: ['integer', 'null'],
      minimum: 0,
      description: 'Number of matching lines from `searchedFrom` to `searchedTo`; null without `q`.',
    },
    searchedFrom: { ...whole, description: 'First line that was searched.' },
    searchedTo: {
      ...whole,
      description: 'Last line that was searched. Less than `searchedFrom` if there are no lines.',
    },
    lastLine: { ...whole, description: 'Last line of the log at the time of the request.' },
    missingLines: { ...whole, description: 'Number of lines in the range that are no longer stored.' },
    nextCursor: { ...maybeText, description: 'Continues the search; null: it is complete, or there is no `q`.' },
  }),
  Graph: closed({
    planHash: digest,
    nodes: listOf(
      closed({
        id: text,
        name: text,
        label: maybeText,
        kind: text,
        parent: text,
        branch: { type: ['integer', 'string', 'null'] },
        needs: listOf(text),
        when: maybeText,
        uses: maybeText,
        effects: maybeText,
        gated: { type: ['boolean', 'null'] },
        approval: maybeText,
        policy: maybeText,
        workers: listOf(text),
      }),
    ),
    edges: listOf(closed({ from: text, to: text })),
  }),
  GraphDrawing: closed({ format: { type: 'string', enum: ['mermaid', 'svg'] }, text }),
  PlanChange: {
    type: 'object',
    required: ['path'],
    additionalProperties: false,
    properties: { path: text, before: anything, after: anything },
  },
  PlanDiff: closed({
    same: flag,
    planHash: closed({ before: digest, after: digest }),
    steps: listOf(
      closed({
        id: text,
        change: { type: 'string', enum: ['added', 'removed', 'moved', 'changed'] },
        kind: text,
        from: maybeText,
        changes: listOf({ $ref: '#/components/schemas/PlanChange' }),
      }),
    ),
    parts: mapOf(listOf({ $ref: '#/components/schemas/PlanChange' })),
    gates: closed({
      newlyUngated: listOf(text),
      newlyGated: listOf(text),
      removed: listOf(text),
      added: listOf(text),
    }),
  }),
  ScenarioReport: closed({
    passed: whole,
    failed: whole,
    faulty: whole,
    faults: listOf(object),
    results: listOf(
      closed({
        file: text,
        name: text,
        status: { type: 'string', enum: ['passed', 'failed', 'faulty'] },
        differences: listOf(
          closed({ path: text, line: whole, column: whole, expected: anything, actual: anything, message: text }),
        ),
        faults: listOf(object),
      }),
    ),
  }),
  Plan: closed({
    planHash: digest,
    receipt: mapOf(digest),
    profileDigest: digest,
    plan: object,
    profile: object,
    warnings: listOf({ $ref: '#/components/schemas/Fault' }),
  }),
  PlanCheck: closed({ valid: flag, errors: listOf({ $ref: '#/components/schemas/Fault' }) }),
  Simulation: object,
  Decision: closed({
    decisionId: text,
    decision: { type: 'string', enum: ['approved', 'rejected', 'withdrawn'] },
    person: closed({
      iss: text,
      sub: text,
      name: {
        ...maybeText,
        description: "The name in the person's token. The signed record does not contain it; null: not recorded.",
      },
    }),
    onBehalfOf: {
      anyOf: [{ type: 'null' }, closed({ iss: text, sub: text, delegation: digest })],
      description: 'The person who delegated the decision.',
    },
    actors: {
      ...actors,
      type: ['array', 'null'],
      description:
        'Actors that act for the person (`act` of the token, RFC 8693), outermost first; null: not recorded.',
    },
    grants: listOf(text),
    reason: maybeText,
    withdrawn: { ...flag, description: 'True: the person withdrew this approval later.' },
    response: anything,
    authTime: { ...instant, description: "Time of the person's last authentication." },
    decidedAt: instant,
    bound: {
      type: 'string',
      enum: ['gate', 'plan'],
      description: 'What the decision refers to: the gate digest, or only the plan hash.',
    },
    proof: {
      type: 'string',
      enum: ['service', 'token', 'key'],
      description: 'Proof of the identity of the person.',
    },
    record: { ...digest, description: 'Digest of the decision record, which the statement lists.' },
    receipt: { $ref: '#/components/schemas/Envelope' },
  }),
  RunGate: closed({
    runId: text,
    gateId: text,
    label: maybeText,
    status: {
      type: 'string',
      enum: ['not_reached', 'pending', ...gateStatuses, 'passed', 'denied', 'undecided', 'skipped', 'failed'],
      description: '`passed`, `denied` and `undecided`: the policy decided without people.',
    },
    reason: { ...maybeText, description: 'Error code of the gate step.' },
    approval: {
      ...maybeText,
      description: 'Approval rule of the pack that applies; null: no people decide.',
    },
    policy: maybeVerdict,
    requirement: {
      type: ['object', 'null'],
      description:
        'Requirements of the gate request: `grants`, `minApprovals`, `selfApproval`, `proof` and others; null: the gate did not open for people.',
    },
    gateDigest: maybeDigest,
    approvals: whole,
    required: { type: ['integer', 'null'] },
    openedAt: maybeInstant,
    until: maybeInstant,
    endedAt: maybeInstant,
    decisions: listOf({ $ref: '#/components/schemas/Decision' }),
    links: closed({ self: link, run: link }),
  }),
  Gate: closed({
    runId: text,
    gateId: text,
    status: { type: 'string', enum: gateStatuses },
    gateDigest: digest,
    planHash: digest,
    request: object,
    show: anything,
    approvals: whole,
    required: whole,
    until: instant,
    policy: {
      ...maybeVerdict,
      description: 'The denial that an approval overrides; null for a gate without a policy.',
    },
    decisions: listOf({ $ref: '#/components/schemas/Decision' }),
    ungatedEffects: {
      type: ['array', 'null'],
      items: text,
      description: 'Steps of the run that have effects without an approval; null in lists.',
    },
    planDiff: {
      description:
        'Differences from the plan of the last run of the pack with an approved gate. `why` states why the differences are unknown. Null in lists, and if none of the previous 200 runs has an approved gate.',
      anyOf: [
        { type: 'null' },
        closed({
          against: text,
          diff: { anyOf: [{ type: 'null' }, { $ref: '#/components/schemas/PlanDiff' }] },
          why: maybeText,
        }),
      ],
    },
    canDecide: flag,
    why: maybeText,
    links: closed({ self: link, run: link, approve: link }),
  }),
  ApprovalCounts: closed({
    open: whole,
    mine: { ...whole, description: 'Open gates that the caller may decide.' },
    atLeast: { ...flag, description: 'True: not all open gates were counted.' },
  }),
  DecisionReceipt: closed({
    gateId: text,
    status: { type: 'string', enum: gateStatuses },
    approvals: whole,
    required: whole,
    until: instant,
    receipt: { $ref: '#/components/schemas/Envelope' },
  }),
  Release: closed({ runId: text, paths: listOf(text), receipt: { $ref: '#/components/schemas/Envelope' } }),
  Resolution: closed({
    runId: text,
    stepId: text,
    execution: whole,
    outcome: { type: 'string', enum: ['succeeded', 'failed', 'retry'] },
    receipt: { $ref: '#/components/schemas/Envelope' },
  }),
  PublishedPack: publishedPack(),
  PackDetail: publishedPack({
    sourceDigest: digest,
    tags: listOf(text),
    maintainers: listOf(closed({ name: text, email: maybeText })),
    license: maybeText,
    inputs: listOf(
      closed({
        name: text,
        type: text,
        description: maybeText,
        required: flag,
        default: anything,
        enum: { type: ['array', 'null'], items: anything },
        schema: anything,
        sensitive: flag,
      }),
    ),
    secrets: listOf(closed({ name: text, description: maybeText, required: flag })),
    approvals: listOf(closed({ id: text, grants: listOf(text), minApprovals: whole })),
    signers: listOf(text),
    runnable: flag,
    refusal: { anyOf: [closed({ code: text, detail: text, remediation: text }), { type: 'null' }] },
  }),
  Executors: closed({
    items: listOf(
      closed({
        uses: text,
        version: whole,
        builtin: flag,
        effects: closed({
          loosest: { ...effects, description: 'The default class of a step, and the loosest that it may state.' },
          by: {
            ...closed({ parameter: text, absent: text, usual: mapOf(effects) }),
            type: ['object', 'null'],
            description:
              'The value of `parameter` determines the default class; `absent` is its default, and other values are `once`. Null: no parameter does.',
          },
        }),
        sandboxed: flag,
        environments: listOf(closed({ mode: { type: 'string', enum: ['open', 'sealed'] }, isolation: maybeText })),
        parameters: object,
        outputs: closed({
          from: {
            type: 'string',
            enum: ['schema', 'parameters', 'parameter'],
            description: '`parameters`: all parameters are outputs. `parameter`: the value of one parameter is.',
          },
          schema: { ...anything, description: 'A JSON Schema of the outputs; null: they follow from parameters.' },
          declared: { ...flag, description: 'True: a step may declare further outputs.' },
        }),
      }),
    ),
  }),
  Worker: closed({
    workerId: { ...text, description: 'Of the session. A worker that restarts has another one.' },
    name: text,
    release: closed({ version: text, build: digest }),
    since: instant,
    lastHeartbeatAt: instant,
    leaseUntil: instant,
    labels: listOf(text),
    slots: { type: ['integer', 'null'], description: 'Execution slots; null: a release that does not state them.' },
    isolations: { ...listOf(text), description: 'Sandbox profiles that the last probe has shown to hold.' },
    environments: { ...listOf(digest), description: 'Environments that the worker honours.' },
    probe: closed({
      digest,
      profiles: {
        type: ['array', 'null'],
        items: closed({ profile: text, available: flag, reason: maybeText, tried: listOf(text) }),
        description: 'What the probe found about each profile, and the attacks that it tried; null: not stored.',
      },
    }),
    runs: closed({ total: whole, latest: listOf(text) }),
    assignments: whole,
  }),
  Attestations: closed({ statements: mapOf(object) }),
  AuditEntry: closed({ seq: whole, at: whole, prev: maybeDigest, hash: digest, event: object }),
  AuditCheckpoint: closed({ count: whole, head: digest, at: instant, envelope }),
  Schedule: schedule,
  ScheduleTick: closed({
    tick: instant,
    lastTick: instant,
    count: whole,
    outcome: { type: 'string', enum: ['ran', 'skipped', 'stopped'] },
    reason: maybeText,
    runId: maybeText,
    decidedAt: instant,
    links: closed({ run: { type: ['string', 'null'], format: 'uri' } }),
  }),
  UpcomingTicks: closed({ timeZone: text, ticks: listOf(closed({ at: instant, local: text })) }),
  Me: closed({
    person: closed({ iss: text, sub: text, name: text, kind: { type: 'string', enum: ['person', 'client'] } }),
    actors: {
      ...actors,
      description: 'Actors that act for the person (`act` of the token, RFC 8693), outermost first.',
    },
    tenant: text,
    tenants: listOf(text),
    scopes: listOf(text),
    grants: listOf(text),
    expiresAt: instant,
  }),
  ErrorCode: closed({ code: text, status: whole, title: text, remediation: text, retryable: flag }),
} satisfies Readonly<Record<string, Schema>>;
