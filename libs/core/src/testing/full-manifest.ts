import { sha256 } from '../lib/canonical/digest';
import type { JsonObject } from '../lib/foundation/json';
import type { PlanConfiguration } from '../lib/plan/plan-request';
import type { Environment } from '../lib/plan/profile';
import type { PolicyEngine } from '../lib/policy/policy';
import { packFiles, testConfiguration, testEnvironment } from './planning';

// A pack that states every field that a manifest has, and a place where it can be planned.

const anyPolicy: PolicyEngine = {
  compile: () => ({
    kind: 'policy',
    policy: { engine: 'cedar', behaviour: 1, evaluate: () => ({ kind: 'decided', allow: true, reasons: [] }) },
  }),
};

export const fullFiles = packFiles({ 'policies/a.cel': 'true', 'policies/b.cel': 'false' });
export const fullInputs: JsonObject = { image: 'a', pin: '4711-0815-4711' };
export const fullEnvironment: Environment = { ...testEnvironment, mode: 'sealed' };
export const fullConfiguration: PlanConfiguration = {
  ...testConfiguration,
  secrets: {
    key: { provider: 'files', requireGate: false },
    other: { provider: 'files', requireGate: false },
  },
  egress: [{ scheme: 'https', host: '*.test', port: 443 }],
  sensitiveInputs: true,
  policyEngines: { cedar: anyPolicy },
};

const noop = { uses: 'builtin:noop' };
const pinned = sha256('grype');

/** Every field but those of loops. */
export const fullManifest: JsonObject = {
  apiVersion: 'stellaops.io/pack.v1',
  kind: 'TaskPack',
  metadata: {
    name: 'full',
    version: '1.0.0',
    description: 'all fields',
    tags: ['one'],
    tenantVisibility: 'public',
    maintainers: [{ name: 'Ada', email: 'ada@example.org' }],
    license: 'MIT',
    annotations: { a: 'b' },
    minRunnerVersion: '0.1.0',
  },
  spec: {
    inputs: [
      {
        name: 'image',
        type: 'string',
        description: 'which',
        required: true,
        enum: ['a', 'b'],
        schema: { maxLength: 5 },
      },
      { name: 'level', type: 'string', default: 'low' },
      { name: 'pin', type: 'string', sensitive: true },
      { name: 'note', type: 'string' },
    ],
    secrets: [
      { name: 'key', description: 'of the registry', scope: 'packs.run', required: true },
      { name: 'spare', required: false },
    ],
    approvals: [
      {
        id: 'owners',
        grants: ['role:sec-lead'],
        minApprovals: 1,
        expiresAfter: '4h',
        executeWithin: '5h',
        allowSelfApproval: false,
        maxAuthAge: '1h',
        reasonRequired: true,
        reasonTemplate: 'because of {{ inputs.image }}',
      },
      { id: 'strict', grants: ['role:sec-lead'], minApprovals: 2, maxAuthAge: '1h', reasonRequired: true },
      { id: 'spare', grants: [] },
    ],
    policies: [
      { id: 'blast', engine: 'cel', source: 'true', level: 'soft-mandatory' },
      { id: 'filed', engine: 'cel', path: 'policies/a.cel' },
    ],
    sandbox: {
      mode: 'open',
      egressAllowlist: ['a.test', 'b.test'],
      cpuMillicores: 500,
      memoryMiB: 128,
      workspaceMiB: 64,
      maxProcesses: 8,
      timeout: '10m',
    },
    sealedInstall: false,
    concurrency: { group: 'image-{{ inputs.image }}', onConflict: 'queue' },
    timeout: '2h',
    cleanupTimeout: '3m',
    steps: [
      {
        id: 'scan',
        name: 'Scan the image',
        when: "{{ inputs.level == 'low' }}",
        needs: [],
        runOn: 'success',
        timeout: '10m',
        retries: {
          maxAttempts: 3,
          backoff: '1s',
          factor: 3,
          maxBackoff: '1m',
          jitter: false,
          on: ['EXIT_1'],
          attemptTimeout: '2m',
        },
        continueOnError: true,
        effects: 'idempotent',
        workers: ['big'],
        sealedInstall: false,
        run: {
          uses: 'builtin:command',
          with: { command: ['grype', '{{ inputs.image }}'] },
          env: { LEVEL: '{{ inputs.level }}' },
          files: { 'in.json': { content: 1 } },
          secrets: [
            { name: 'key', env: 'KEY' },
            { name: 'key', file: 'key.txt' },
          ],
          tools: { grype: [pinned] },
          egress: [{ url: 'https://a.test', intent: 'pull' }],
          artifacts: [{ name: 'report', path: 'out/report.json', mediaType: 'application/json', optional: false }],
          outputs: { ids: { type: 'array', schema: { items: { type: 'string' } } } },
        },
      },
      { id: 'silent', run: noop },
      { id: 'seq', group: { steps: [{ id: 'inner', run: noop }] } },
      {
        id: 'both',
        parallel: {
          maxParallel: 2,
          continueOnError: true,
          steps: [
            { id: 'left', run: noop },
            { id: 'right', run: noop },
          ],
        },
      },
      {
        id: 'each',
        map: {
          items: ['x', 'y'],
          label: 'item {{ item }}',
          maxItems: 5,
          maxParallel: 2,
          iterator: 'item',
          index: 'index',
          outputs: { n: '{{ steps.one.status }}' },
          continueOnError: false,
          steps: [{ id: 'one', run: noop }],
        },
      },
      {
        id: 'choice',
        conditional: {
          branches: [{ when: "{{ inputs.level == 'high' }}", steps: [{ id: 'high', run: noop }] }],
          else: [{ id: 'low', run: noop }],
        },
      },
      { id: 'radius', gate: { policy: 'blast', with: { n: 1 }, overrideApproval: 'strict' } },
      {
        id: 'approve',
        gate: {
          approval: 'owners',
          message: 'Redeploy {{ inputs.image }}?',
          show: { level: '{{ inputs.level }}' },
          form: { type: 'object' },
        },
      },
    ],
    outputs: [{ name: 'status', type: 'string', value: '{{ steps.scan.status }}' }],
    success: { message: 'done' },
    failure: {
      message: 'not done',
      retries: {
        maxAttempts: 2,
        backoff: '1s',
        factor: 3,
        maxBackoff: '1m',
        jitter: false,
        on: ['EXIT_1'],
        attemptTimeout: '2m',
        continueOnError: true,
      },
    },
  },
};

const loop = (id: string, items: JsonObject): JsonObject => ({
  id,
  loop: {
    items,
    until: "{{ steps.turn.status == 'failed' }}",
    delay: '1s',
    maxIterations: 5,
    aggregation: 'collect',
    iterator: 'item',
    index: 'index',
    outputs: { n: '{{ steps.turn.status }}' },
    continueOnError: false,
    body: [{ id: 'turn', run: noop }],
  },
});

/** Every field of loops. */
export const loopManifest: JsonObject = {
  apiVersion: 'stellaops.io/pack.v1',
  kind: 'TaskPack',
  metadata: { name: 'loops', version: '1.0.0' },
  spec: {
    inputs: [{ name: 'list', type: 'array', default: [1, 2] }],
    steps: [
      loop('some', { expression: '{{ inputs.list }}' }),
      loop('count', { range: { start: 1, end: 3, step: 1 } }),
      loop('these', { static: [1, 2] }),
    ],
  },
};

/** What a step hands to an inner pack. */
export const innerManifest: JsonObject = {
  apiVersion: 'stellaops.io/pack.v1',
  kind: 'TaskPack',
  metadata: { name: 'outer', version: '1.0.0' },
  spec: {
    secrets: [{ name: 'key' }, { name: 'other' }],
    approvals: [{ id: 'owners' }, { id: 'other' }],
    steps: [
      { id: 'all', run: { uses: 'pack:inner:1.0.0', secrets: { inner: 'key' }, approvals: { inner: 'owners' } } },
    ],
  },
};
