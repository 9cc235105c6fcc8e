import { parsePointer, replacedAt } from '../../testing/json-edit';
import {
  fullConfiguration,
  fullEnvironment,
  fullFiles,
  fullInputs,
  fullManifest,
  innerManifest,
  loopManifest,
} from '../../testing/full-manifest';
import { plan, shownFault, testConfiguration } from '../../testing/planning';
import { testDefaults } from '../../testing/random/random-plan';
import { sha256 } from '../canonical/digest';
import { pointerTo } from '../document/json-pointer';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { contentDigest } from '../pack/pack-digest';
import { readPack } from '../pack/read-pack';
import {
  CONFIGURATION_FIELDS,
  CONSTANT_FIELDS,
  DEFAULT_FIELDS,
  ENVIRONMENT_FIELDS,
  PLAN_HASH_FIELDS,
  UNHASHED_FIELDS,
} from './field-lists';
import { compareReceipts } from '../plan/hash-plan';
import type { PlanConfiguration, Planned } from '../plan/plan-request';
import type { Environment, ProfileDefaults } from '../plan/profile';

const UNKNOWN = 'zzzzzzzzzzzzzzzzzzzzzzzz';
const manifests = [fullManifest, loopManifest];

/** Every object in a value, with its pointer. */
function* objectsIn(value: Json, at = ''): Iterable<string> {
  if (isJsonArray(value)) for (const [index, one] of value.entries()) yield* objectsIn(one, pointerTo(at, index));
  if (!isJsonObject(value)) return;
  yield at;
  for (const [name, one] of Object.entries(value)) yield* objectsIn(one, pointerTo(at, name));
}

/** What the reader itself says are the fields of the object at a place; none where names are the author's. */
function fieldsAt(manifest: JsonObject, at: string): readonly string[] {
  const reading = readPack(JSON.stringify(replacedAt(manifest, pointerTo(at, UNKNOWN), 1)), fullFiles);
  if (reading.kind === 'read') return [];
  const fault = reading.faults.find(
    ({ code, path }) => code === 'PACK_UNKNOWN_FIELD' && path === pointerTo(at, UNKNOWN),
  );
  return /Known fields: (.*)\./.exec(fault?.remediation ?? '')?.[1]?.split(', ') ?? [];
}

/** The name of a field on the lists: `[]` for a place in a list, `step` for any step. */
function patternOf(at: string): string {
  const parts = parsePointer(at);
  let pattern: string[] = [];
  parts.forEach((part, index) => {
    const before = parts[index - 1] ?? '';
    const isName = before === 'outputs' && parts[index - 2] === 'run';
    if (!/^[0-9]+$/.test(part) && !isName) pattern.push(part);
    else if (['steps', 'else', 'body'].includes(before)) pattern = ['step'];
    else pattern.push(`${pattern.pop() ?? ''}[]`);
  });
  return pattern.join('.');
}

const found = new Set(
  manifests.flatMap((manifest) =>
    [...objectsIn(manifest)].flatMap((at) => fieldsAt(manifest, at).map((name) => patternOf(pointerTo(at, name)))),
  ),
);
/** Fields that only hold other fields, or steps. */
const holders = [...found].filter(
  (field) =>
    [...found].some((other) => other.startsWith(`${field}.`) || other.startsWith(`${field}[]`)) ||
    /(^spec|^step\..*)\.(steps|else|body)$/.test(field),
);

describe('the lists of fields', () => {
  it('hold each field of the reader exactly once, and nothing else', () => {
    const listed = [...Object.keys(PLAN_HASH_FIELDS), ...UNHASHED_FIELDS, ...CONSTANT_FIELDS].sort();
    expect([...new Set(listed)]).toEqual(listed);
    expect(listed).toEqual([...found].filter((field) => !holders.includes(field)).sort());
    expect(found.size).toBeGreaterThan(140);
  });
});

/** Another value for a field: where in which manifest, and what must change with it. */
type Change = readonly [at: string, to: Json | undefined, also?: Readonly<Record<string, Json>>];
const spec = '/spec';
const scan = '/spec/steps/0';
const other = sha256('other');

const CHANGES: Readonly<Record<string, Change>> = {
  'metadata.name': ['/metadata/name', 'other'],
  'metadata.version': ['/metadata/version', '1.0.1'],
  'metadata.tenantVisibility': ['/metadata/tenantVisibility', 'private'],
  'metadata.minRunnerVersion': ['/metadata/minRunnerVersion', '0.0.9'],
  'metadata.description': ['/metadata/description', 'other'],
  'metadata.tags': ['/metadata/tags', ['two']],
  'metadata.maintainers[].name': ['/metadata/maintainers/0/name', 'Grace'],
  'metadata.maintainers[].email': ['/metadata/maintainers/0/email', 'grace@example.org'],
  'metadata.license': ['/metadata/license', 'Apache-2.0'],
  'metadata.annotations': ['/metadata/annotations', { a: 'c' }],
  'spec.inputs[].name': [`${spec}/inputs/3/name`, 'remark'],
  'spec.inputs[].type': [`${spec}/inputs/3/type`, 'number'],
  'spec.inputs[].description': [`${spec}/inputs/0/description`, 'other'],
  'spec.inputs[].required': [`${spec}/inputs/0/required`, false],
  'spec.inputs[].default': [`${spec}/inputs/1/default`, 'high'],
  'spec.inputs[].enum': [`${spec}/inputs/0/enum`, ['a', 'c']],
  'spec.inputs[].schema': [`${spec}/inputs/0/schema`, { maxLength: 6 }],
  'spec.inputs[].sensitive': [`${spec}/inputs/2/sensitive`, false],
  'spec.secrets[].name': [`${spec}/secrets/1/name`, 'other'],
  'spec.secrets[].description': [`${spec}/secrets/0/description`, 'other'],
  'spec.secrets[].scope': [`${spec}/secrets/0/scope`, 'packs.deploy'],
  'spec.secrets[].required': [`${spec}/secrets/0/required`, false],
  'spec.approvals[].id': [`${spec}/approvals/2/id`, 'other'],
  'spec.approvals[].grants': [`${spec}/approvals/2/grants`, ['role:sec-lead']],
  'spec.approvals[].minApprovals': [`${spec}/approvals/1/minApprovals`, 3],
  'spec.approvals[].expiresAfter': [`${spec}/approvals/0/expiresAfter`, '3h'],
  'spec.approvals[].executeWithin': [`${spec}/approvals/0/executeWithin`, '3h'],
  'spec.approvals[].allowSelfApproval': [`${spec}/approvals/0/allowSelfApproval`, true],
  'spec.approvals[].maxAuthAge': [`${spec}/approvals/0/maxAuthAge`, '2h'],
  'spec.approvals[].reasonRequired': [`${spec}/approvals/0/reasonRequired`, false],
  'spec.approvals[].reasonTemplate': [`${spec}/approvals/0/reasonTemplate`, 'why'],
  'spec.policies[].id': [`${spec}/policies/1/id`, 'other'],
  'spec.policies[].engine': [`${spec}/policies/1/engine`, 'cedar'],
  'spec.policies[].source': [`${spec}/policies/0/source`, 'false'],
  'spec.policies[].path': [`${spec}/policies/1/path`, 'policies/b.cel'],
  'spec.policies[].level': [`${spec}/policies/1/level`, 'advisory'],
  'spec.sandbox.mode': [`${spec}/sandbox/mode`, 'sealed'],
  'spec.sandbox.egressAllowlist': [`${spec}/sandbox/egressAllowlist`, ['a.test']],
  'spec.sandbox.cpuMillicores': [`${spec}/sandbox/cpuMillicores`, 501],
  'spec.sandbox.memoryMiB': [`${spec}/sandbox/memoryMiB`, 129],
  'spec.sandbox.workspaceMiB': [`${spec}/sandbox/workspaceMiB`, 65],
  'spec.sandbox.maxProcesses': [`${spec}/sandbox/maxProcesses`, 9],
  'spec.sandbox.timeout': [`${spec}/sandbox/timeout`, '11m'],
  'spec.sealedInstall': [`${spec}/sealedInstall`, true],
  'spec.concurrency.group': [`${spec}/concurrency/group`, 'all'],
  'spec.concurrency.onConflict': [`${spec}/concurrency/onConflict`, 'refuse'],
  'spec.timeout': [`${spec}/timeout`, '3h'],
  'spec.cleanupTimeout': [`${spec}/cleanupTimeout`, '4m'],
  'spec.outputs[].name': [`${spec}/outputs/0/name`, 'other'],
  'spec.outputs[].type': [`${spec}/outputs/0/type`, undefined],
  'spec.outputs[].value': [`${spec}/outputs/0/value`, '{{ steps.both.status }}'],
  'spec.success.message': [`${spec}/success/message`, 'other'],
  'spec.failure.message': [`${spec}/failure/message`, 'other'],
  'step.id': [`${spec}/steps/1/id`, 'quiet'],
  'step.name': [`${scan}/name`, 'other'],
  'step.when': [`${scan}/when`, '{{ true }}'],
  'step.needs': [`${spec}/steps/1/needs`, []],
  'step.runOn': [`${spec}/steps/1/runOn`, 'always'],
  'step.timeout': [`${scan}/timeout`, '11m'],
  'step.continueOnError': [`${scan}/continueOnError`, false],
  'step.effects': [`${scan}/effects`, 'once'],
  'step.workers': [`${scan}/workers`, ['small']],
  'step.sealedInstall': [`${scan}/sealedInstall`, true],
  'step.run.uses': [`${spec}/steps/1/run/uses`, 'builtin:fail'],
  'step.run.with': [`${scan}/run/with/command`, ['trivy']],
  'step.run.env': [`${scan}/run/env`, { LEVEL: 'x' }],
  'step.run.files': [`${scan}/run/files`, { 'in.json': { content: 2 } }],
  'step.run.secrets[].name': [`${scan}/run/secrets/0/name`, 'spare'],
  'step.run.secrets[].env': [`${scan}/run/secrets/0/env`, 'OTHER'],
  'step.run.secrets[].file': [`${scan}/run/secrets/1/file`, 'other.txt'],
  'step.run.tools': [`${scan}/run/tools`, { grype: [other] }],
  'step.run.egress[].url': [`${scan}/run/egress/0/url`, 'https://b.test'],
  'step.run.egress[].intent': [`${scan}/run/egress/0/intent`, 'push'],
  'step.run.artifacts[].name': [`${scan}/run/artifacts/0/name`, 'other'],
  'step.run.artifacts[].path': [`${scan}/run/artifacts/0/path`, 'out/other.json'],
  'step.run.artifacts[].mediaType': [`${scan}/run/artifacts/0/mediaType`, 'text/plain'],
  'step.run.artifacts[].optional': [`${scan}/run/artifacts/0/optional`, true],
  'step.run.outputs[].type': [`${scan}/run/outputs/ids/type`, undefined],
  'step.run.outputs[].schema': [`${scan}/run/outputs/ids/schema`, { items: { type: 'number' } }],
  'step.parallel.maxParallel': ['/spec/steps/3/parallel/maxParallel', 1],
  'step.parallel.continueOnError': ['/spec/steps/3/parallel/continueOnError', false],
  'step.map.items': ['/spec/steps/4/map/items', ['x', 'z']],
  'step.map.label': ['/spec/steps/4/map/label', 'other'],
  'step.map.maxItems': ['/spec/steps/4/map/maxItems', 6],
  'step.map.maxParallel': ['/spec/steps/4/map/maxParallel', 1],
  'step.map.iterator': ['/spec/steps/4/map/iterator', 'one', { '/spec/steps/4/map/label': 'item {{ one }}' }],
  'step.map.index': ['/spec/steps/4/map/index', 'place'],
  'step.map.outputs': ['/spec/steps/4/map/outputs', { n: 1 }],
  'step.map.continueOnError': ['/spec/steps/4/map/continueOnError', true],
  'step.conditional.branches[].when': ['/spec/steps/5/conditional/branches/0/when', '{{ false }}'],
  'step.gate.policy': ['/spec/steps/6/gate/policy', 'filed'],
  'step.gate.with': ['/spec/steps/6/gate/with', { n: 2 }],
  'step.gate.overrideApproval': ['/spec/steps/6/gate/overrideApproval', undefined],
  'step.gate.approval': ['/spec/steps/7/gate/approval', 'strict'],
  'step.gate.message': ['/spec/steps/7/gate/message', 'other'],
  'step.gate.show': ['/spec/steps/7/gate/show', { other: 1 }],
  'step.gate.form': ['/spec/steps/7/gate/form', { type: 'object', title: 'other' }],
  ...retryChanges('spec.failure.retries', '/spec/failure/retries'),
  ...retryChanges('step.retries', `${scan}/retries`),
  'spec.failure.retries.continueOnError': ['/spec/failure/retries/continueOnError', false],
};
const LOOP_CHANGES: Readonly<Record<string, Change>> = {
  'step.loop.items.expression': ['/spec/steps/0/loop/items/expression', '{{ `[1]` }}'],
  'step.loop.items.range.start': ['/spec/steps/1/loop/items/range/start', 2],
  'step.loop.items.range.end': ['/spec/steps/1/loop/items/range/end', 4],
  'step.loop.items.range.step': ['/spec/steps/1/loop/items/range/step', 2],
  'step.loop.items.static': ['/spec/steps/2/loop/items/static', [1, 3]],
  'step.loop.until': ['/spec/steps/0/loop/until', '{{ true }}'],
  'step.loop.delay': ['/spec/steps/0/loop/delay', '2s'],
  'step.loop.maxIterations': ['/spec/steps/0/loop/maxIterations', 6],
  'step.loop.aggregation': ['/spec/steps/0/loop/aggregation', 'last'],
  'step.loop.iterator': ['/spec/steps/0/loop/iterator', 'one'],
  'step.loop.index': ['/spec/steps/0/loop/index', 'place'],
  'step.loop.outputs': ['/spec/steps/0/loop/outputs', { n: 1 }],
  'step.loop.continueOnError': ['/spec/steps/0/loop/continueOnError', true],
};

function retryChanges(field: string, at: string): Record<string, Change> {
  return {
    [`${field}.maxAttempts`]: [`${at}/maxAttempts`, 4],
    [`${field}.backoff`]: [`${at}/backoff`, '2s'],
    [`${field}.factor`]: [`${at}/factor`, 4],
    [`${field}.maxBackoff`]: [`${at}/maxBackoff`, '2m'],
    [`${field}.jitter`]: [`${at}/jitter`, true],
    [`${field}.on`]: [`${at}/on`, ['EXIT_2']],
    [`${field}.attemptTimeout`]: [`${at}/attemptTimeout`, '3m'],
  };
}

function planFull(
  manifest: JsonObject,
  environment: Environment = fullEnvironment,
  configuration: PlanConfiguration = fullConfiguration,
): Planned {
  const inputs = manifest['metadata'] === loopManifest['metadata'] ? {} : fullInputs;
  const planning = plan(JSON.stringify(manifest), inputs, { files: fullFiles, environment, configuration });
  if (planning.kind === 'refused') throw new Error(planning.faults.map(shownFault).join('\n'));
  return planning;
}

function changed(manifest: JsonObject, [at, to, also = {}]: Change): JsonObject {
  return Object.entries({ [at]: to, ...also }).reduce(
    (made, [place, value]) => replacedAt(made, place, value),
    manifest,
  );
}

/** Of packs that this version reads and may not plan: the digest of their content. */
const READ_CHANGES: readonly (readonly [field: string, manifest: JsonObject, change: Change])[] = [
  ...Object.entries(LOOP_CHANGES).map(([field, change]) => [field, loopManifest, change] as const),
  ['step.run.approvals', innerManifest, [`${scan}/run/approvals`, { inner: 'other' }]],
  ['step.run.secrets[].name', innerManifest, [`${scan}/run/secrets`, { inner: 'other' }]],
];
const loopsRun = plan(JSON.stringify(loopManifest)).kind === 'planned';
const planned = [
  ...Object.entries(CHANGES).map(([field, change]) => [field, fullManifest, change] as const),
  ...(loopsRun ? Object.entries(LOOP_CHANGES).map(([field, change]) => [field, loopManifest, change] as const) : []),
];

describe('the digests of a plan', () => {
  it.each(planned.filter(([field]) => Object.hasOwn(PLAN_HASH_FIELDS, field)))(
    'see %s in its own component alone',
    (field, manifest, change) => {
      const [before, after] = [planFull(manifest), planFull(changed(manifest, change))];
      expect(after.planHash).not.toBe(before.planHash);
      expect(compareReceipts(before.receipt, after.receipt)).toEqual(
        ['pack', ...(PLAN_HASH_FIELDS[field] ?? [])].sort(),
      );
    },
  );

  it.each(planned.filter(([field]) => UNHASHED_FIELDS.includes(field)))('do not see %s', (_field, manifest, change) => {
    const [before, after] = [planFull(manifest), planFull(changed(manifest, change))];
    expect([after.planHash, after.profileDigest]).toEqual([before.planHash, before.profileDigest]);
  });

  it.each(READ_CHANGES)('see %s in the content', (_field, manifest, change) => {
    expect(contentOf(changed(manifest, change))).not.toBe(contentOf(manifest));
  });
});

function contentOf(manifest: JsonObject): string {
  const reading = readPack(JSON.stringify(manifest), fullFiles);
  if (reading.kind === 'refused') throw new Error(reading.faults.map(shownFault).join('\n'));
  return contentDigest(reading.pack, fullFiles);
}

it('every listed field is changed by a test', () => {
  const tested = [...Object.keys(CHANGES), ...READ_CHANGES.map(([field]) => field), ...CONSTANT_FIELDS];
  expect([...new Set(tested)].sort()).toEqual(
    [...Object.keys(PLAN_HASH_FIELDS), ...UNHASHED_FIELDS, ...CONSTANT_FIELDS].sort(),
  );
});

describe('what an environment decides', () => {
  const before = planFull(fullManifest);
  const differs = (after: Planned): readonly [boolean, boolean] => [
    after.planHash !== before.planHash,
    after.profileDigest !== before.profileDigest,
  ];
  const shows = (place: 'profile' | 'neither'): readonly [boolean, boolean] => [false, place === 'profile'];

  const environments: Record<keyof Environment, Partial<Record<keyof Environment, unknown>>> = {
    schema: { schema: 'taskrunner.environment.v2' },
    machine: { machine: 99 },
    mode: { mode: 'sealed-otherwise' },
    isolation: { isolation: 'other' },
    limits: { limits: { x: 1 } },
    approvals: { approvals: { floor: { ...fullEnvironment.approvals.floor, selfApproval: true } } },
    packTrust: { packTrust: { x: 1 } },
    egress: { egress: [`sha256:${'a'.repeat(64)}`] },
    destinations: { destinations: { x: other } },
    engines: { engines: { cel: 2 } },
    executors: { executors: { ...fullEnvironment.executors, 'builtin:other': 1 } },
    extensions: { extensions: { x: '1' } },
  };
  it.each(Object.entries(ENVIRONMENT_FIELDS))('environment.%s shows in: %s', (field, place) => {
    const environment = { ...fullEnvironment, ...environments[field as keyof Environment] } as Environment;
    // Open or sealed decides more than a digest: another word for sealed shows that the word is covered.
    const made = field === 'mode' ? planFull(openOnly(), environment) : planFull(fullManifest, environment);
    const base = field === 'mode' ? planFull(openOnly()) : before;
    expect([made.planHash !== base.planHash, made.profileDigest !== base.profileDigest]).toEqual(shows(place));
  });

  const configurations: Record<keyof PlanConfiguration, Partial<PlanConfiguration>> = {
    defaults: { defaults: { ...testDefaults, maxParallel: 9 } },
    retries: {
      retries: { maxAttempts: 3, backoffMs: 1, maxBackoffMs: 2, cap: { maxAttempts: 9, maxBackoffMs: 600_000 } },
    },
    grants: { grants: [...testConfiguration.grants, 'role:other'] },
    secrets: { secrets: { ...fullConfiguration.secrets, key: { provider: 'variables', requireGate: false } } },
    interpreters: { interpreters: ['bash'] },
    egress: { egress: [{ scheme: 'https', host: '*.test', port: 443, cidr: '10.0.0.0/8' }] },
    sensitiveInputs: { sensitiveInputs: true },
    policyEngines: { policyEngines: {} },
  };
  it.each(Object.entries(CONFIGURATION_FIELDS))('configuration.%s shows in: %s', (field, place) => {
    const configuration = { ...fullConfiguration, ...configurations[field as keyof PlanConfiguration] };
    const manifest = field === 'retries' ? silent() : fullManifest;
    const base = planFull(manifest);
    const made = planFull(manifest, fullEnvironment, configuration);
    expect([made.planHash !== base.planHash, made.profileDigest !== base.profileDigest]).toEqual(shows(place));
  });

  it.each(Object.entries(DEFAULT_FIELDS))('configuration.defaults.%s shows in: %s', (field, place) => {
    const one =
      field === 'retries'
        ? { maxAttempts: 2, backoffMs: 1, maxBackoffMs: 2, nodes: [] }
        : 1 + Number(testDefaults[field as keyof ProfileDefaults] ?? 0);
    const defaults = { ...testDefaults, [field]: one };
    expect(differs(planFull(fullManifest, fullEnvironment, { ...fullConfiguration, defaults }))).toEqual(shows(place));
  });
});

/** The pack where nothing asks for a seal. */
function openOnly(): JsonObject {
  return changed(fullManifest, ['/spec/sandbox/mode', 'open']);
}

/** A pack that says nothing of attempts. */
function silent(): JsonObject {
  const bare = changed(fullManifest, ['/spec/failure/retries', undefined]);
  return changed(bare, ['/spec/steps/0/retries', undefined]);
}
