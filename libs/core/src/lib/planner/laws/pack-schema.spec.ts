import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readDocument } from '../../document/read-document';
import type { Fault } from '../../foundation/fault';
import { type Json, isJsonArray, isJsonObject, type JsonObject } from '../../foundation/json';
import { compileSchema } from '../../schema/compile-schema';
import { NO_FILES, type PackFiles } from '../../pack/pack-files';
import { packSchema, printPackSchema } from '../../pack/shapes/pack-schema';
import { readPack } from '../../pack/read-pack';
import { searchedCases } from '../../../testing/runs-of-laws';

/** Random manifests. */
const RUNS = searchedCases(80, 10_000);
const ETC = join(__dirname, '../../../../../../etc');

/** What the reader judges and no JSON Schema can say: code, and the message where only some faults of the code are meant. */
const BEYOND_SCHEMA: readonly (readonly [code: string, why: string, message?: RegExp])[] = [
  ['PACK_DUPLICATE_ID', 'ids are unique in a scope, which spans nested lists'],
  ['PACK_DUPLICATE_NAME', 'names are unique by one member of the entries'],
  ['PACK_NEEDS_UNKNOWN', 'needs name steps of the same list'],
  ['PACK_NEEDS_CYCLE', 'needs form no circle'],
  ['PACK_UNKNOWN_SECRET', 'secrets are declared elsewhere in the document'],
  ['PACK_UNKNOWN_APPROVAL', 'approvals are declared elsewhere in the document'],
  ['PACK_UNKNOWN_POLICY', 'policies are declared elsewhere in the document'],
  ['PACK_INPUT_DEFAULT', 'a default is of the type that its sibling names, and in its enum'],
  ['PACK_FILE_MISSING', 'files are outside the document'],
  ['PACK_PATH', 'the parameters of executors are judged with the files', /is not a path in the pack/],
  ['PACK_RUNNER_TOO_OLD', 'the version of this runner is not in the document'],
  ['PACK_TOO_MANY_STEPS', 'steps are counted over all lists'],
  ['PACK_FIELDS_EXCLUSIVE', 'two siblings differ in value', /^iterator and index must be/],
  ['PACK_DURATION', 'a pattern does not bound the length of a time', /a duration of at most/],
];

const compiled = compileSchema(packSchema());
const accepts = (value: Json): boolean => compiled.kind === 'schema' && compiled.findings(value).length === 0;

function structural(faults: readonly Fault[]): readonly Fault[] {
  return faults.filter(
    ({ code, message }) => !BEYOND_SCHEMA.some(([known, , said]) => known === code && (said?.test(message) ?? true)),
  );
}

function faultsOf(value: Json): readonly Fault[] {
  const reading = readPack(JSON.stringify(value), NO_FILES);
  return reading.kind === 'refused' ? reading.faults : [];
}

function valueOf(text: string): Json {
  const reading = readDocument(text);
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
  return reading.value;
}

const NOOP = 'run: { uses: "builtin:noop" }';
/** A manifest with every field, and one in the published spellings. */
const RICH = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: demo, version: 1.0.0-rc.1+b, description: d, tags: [a], tenantVisibility: [acme], maintainers: [ { name: n, email: e } ], license: MIT, annotations: { a: 1 }, minRunnerVersion: 0.1.0 }
spec:
  inputs: [ { name: a, type: object, description: d, required: true, default: {}, enum: [ {} ], schema: { type: object }, sensitive: false } ]
  secrets: [ { name: t, description: d, scope: Packs.Run, required: false } ]
  approvals: [ { id: o, grants: ["Packs.Approve", "role:lead"], minApprovals: 2, expiresAfter: 4h, executeWithin: PT1H, allowSelfApproval: true, maxAuthAge: 90s, reasonRequired: true, reasonTemplate: x } ]
  policies: [ { id: p, engine: cel, source: "true", level: advisory } ]
  sandbox: { mode: open, egressAllowlist: [a.test], cpuMillicores: 1, memoryMiB: 1, workspaceMiB: 1, maxProcesses: 1, timeout: P1DT2H }
  sealedInstall: false
  concurrency: { group: g, onConflict: refuse }
  timeout: 1h
  cleanupTimeout: PT0.5S
  success: { message: m }
  failure: { message: m, retries: { maxAttempts: 2, backoff: 0s, factor: 1.5, maxBackoff: 1m, jitter: false, on: [EXIT_75], attemptTimeout: 5s, continueOnError: true } }
  outputs: [ { name: x, type: string, value: "{{ inputs.a }}" } ]
  steps:
    - { id: a, name: n, when: "{{ true }}", needs: [], runOn: always, timeout: 1m, retries: { backoffSeconds: 3 }, continueOnError: true, effects: once, workers: [gpu], sealedInstall: true, run: { uses: "builtin:command", with: { command: [x] }, env: { A: 1 }, files: { "in/x": "pack:y" }, secrets: [ t, { name: t, env: T }, { name: t, file: f } ], tools: { jq: [ "sha256:${'0'.repeat(64)}" ] }, egress: [ { url: "https://a.test", intent: i } ], artifacts: [ { name: r, path: out/, mediaType: m, optional: true } ], outputs: { y: { type: string, schema: { type: string } } } } }
    - { id: b, run: { uses: "pack:./inner", secrets: { in: t }, approvals: { in: o } } }
    - { id: c, parallel: { steps: [ { id: c1, ${NOOP} } ], maxParallel: 2, continueOnError: true } }
    - { id: d, map: { items: [1], steps: [ { id: d1, ${NOOP} } ], label: l, maxItems: 3, maxParallel: 2, iterator: it, index: no, outputs: { z: 1 }, continueOnError: true } }
    - { id: e, loop: { items: { range: { start: 1, end: "{{ 3 }}", step: -1 } }, until: false, delay: 1s, body: [ { id: e1, ${NOOP} } ], maxIterations: 3, aggregation: last, iterator: it, index: no, outputs: { z: 1 }, continueOnError: true } }
    - { id: f, conditional: { branches: [ { when: true, steps: [ { id: f1, ${NOOP} } ] } ], else: [ { id: f2, ${NOOP} } ] } }
    - { id: g, gate: { approval: o, message: m, show: { s: 1 }, form: { type: object } } }
    - { id: h, gate: { policy: p, with: { w: 1 }, overrideApproval: o } }
    - { id: i, group: { steps: [ { id: i1, ${NOOP} } ] } }
`;
const PUBLISHED = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: demo, version: 1.0.0, tenantVisibility: private }
spec:
  sealed_install: true
  approvals: [ { id: o } ]
  policies: [ { id: p, engine: cedar, source: x } ]
  failure: { retries: { backoffSeconds: 5, continueOnError: true } }
  steps:
    - { id: a, type: gate.approval, approval: o, message: hi }
    - { id: a1, type: gate.approval, gate: { approval: { id: o, message: hi } } }
    - { id: a2, gate.approval: o }
    - { id: a3, gate.approval: { id: o, message: hi } }
    - { id: b, gate.policy: { policy: p, parameters: { x: 1 } } }
    - { id: b1, type: policy-gate, policy: p, parameters: { x: 1 } }
    - { id: b2, gate: { policy: { policy: p, parameters: { x: 1 } }, overrideApproval: o } }
    - { id: c, type: loop, sealed_install: true, items: { static: [1] }, continueOnError: true, body: [ { id: x, ${NOOP} } ] }
    - { id: d, type: conditional, when: "{{ true }}", then: [ { id: y, ${NOOP} } ], else: [ { id: z, ${NOOP} } ] }
    - { id: d1, type: conditional, branches: [ { when: true, then: [ { id: y1, ${NOOP} } ] } ] }
    - { id: e, type: run, run: { uses: "builtin:cli-command", with: { command: [a] } } }
    - { id: f, map: { items: "{{ [1] }}", step: { id: w, ${NOOP} } } }
    - { id: g, loop: { items: { expression: x }, body: [ { id: w, ${NOOP} } ] } }
`;

const files = (folder: string): PackFiles => ({
  paths: () => readdirSync(folder, { recursive: true }) as string[],
  read: (path) => (existsSync(join(folder, path)) ? new Uint8Array(readFileSync(join(folder, path))) : null),
  executable: () => false,
});

describe('the schema of packs', () => {
  it('is the committed file: taskrunner schema > etc/schemas/taskrunner.pack.v1.schema.json', () => {
    expect(readFileSync(join(ETC, 'schemas/taskrunner.pack.v1.schema.json'), 'utf8')).toBe(printPackSchema());
  });

  it('is one of draft 2020-12 with a description of every field', () => {
    expect(compiled.kind).toBe('schema');
    const bare: string[] = [];
    const resolve = (ref: string): JsonObject =>
      ref
        .split('/')
        .slice(1)
        .reduce<Json>((at, name) => (at as JsonObject)[name] as Json, packSchema()) as JsonObject;
    const visit = (value: Json, path: string): void => {
      if (isJsonArray(value)) return value.forEach((item, index) => visit(item, `${path}/${index}`));
      if (!isJsonObject(value)) return;
      for (const [key, part] of Object.entries(value)) {
        if (key === 'properties' && value['type'] === 'object') {
          for (const [name, schema] of Object.entries(part as Readonly<Record<string, JsonObject>>)) {
            const said = schema['description'] ?? (schema['$ref'] && resolve(schema['$ref'] as string)['description']);
            if (typeof said !== 'string' || said === '') bare.push(`${path}/${name}`);
          }
        }
        if (!['enum', 'const', 'default', 'required'].includes(key)) visit(part, `${path}/${key}`);
      }
    };
    visit(packSchema(), '');
    expect(bare).toEqual([]);
  });

  it.each(readdirSync(join(ETC, 'packs')))('accepts etc/packs/%s, as the reader does', (name) => {
    const folder = join(ETC, 'packs', name);
    const text = readFileSync(join(folder, 'pack.yaml'), 'utf8');
    expect(readPack(text, files(folder))).toMatchObject({ kind: 'read' });
    expect(accepts(valueOf(text))).toBe(true);
  });

  it.each([
    ['canonical', RICH],
    ['published', PUBLISHED],
  ])('accepts the %s spellings', (_, text) => {
    const value = valueOf(text);
    expect(structural(faultsOf(value))).toEqual([]);
    expect(compiled.kind === 'schema' && compiled.findings(value)).toEqual([]);
  });

  it('marks published spellings as deprecated', () => {
    const defs = packSchema()['$defs'] as Record<string, JsonObject>;
    const properties = (name: string) => defs[name]?.['properties'] as Record<string, JsonObject>;
    expect(properties('namedStep')['gate.approval']).toMatchObject({ deprecated: true });
    expect(properties('namedStep')['sealed_install']).toMatchObject({ deprecated: true });
    expect(properties('map')['step']).toMatchObject({ deprecated: true });
  });
});

type Path = readonly (string | number)[];

/** Every place of a value, the whole not among them. */
function pathsOf(value: Json, at: Path = []): readonly Path[] {
  const parts: readonly (readonly [string | number, Json])[] = isJsonArray(value)
    ? value.map((part, index) => [index, part] as const)
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  return parts.flatMap(([name, part]) => [[...at, name], ...pathsOf(part, [...at, name])]);
}

function at(value: Json, path: Path): Json {
  return path.reduce<Json>((part, name) => (part as Record<string | number, Json>)[name] as Json, value);
}

/** The value with another part at a path; undefined takes it away. */
function withPart(value: Json, path: Path, part: Json | undefined): Json {
  const copy = structuredClone(value);
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, Json>;
  const name = path.at(-1) as string | number;
  if (part !== undefined) parent[name] = structuredClone(part);
  else if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
  return copy;
}

const SEEDS = [valueOf(RICH), valueOf(PUBLISHED)];
const NAMES = [
  ...new Set(SEEDS.flatMap((seed) => pathsOf(seed)).flatMap((path) => path.filter((name) => typeof name === 'string'))),
];
const PARTS = SEEDS.flatMap((seed) => pathsOf(seed).map((path) => at(seed, path)));
const ODD: readonly Json[] = [
  null, true, false, 0, 1, -1, 1.5, 100_001, 10_001, '', 'x', 'X', 'a b', 'constructor', 'toString', 'item', 'index', 'inputs', 'é', '\u212a',
  '0s', '1s', 'PT', 'P', 'PT0S', 'P1D', 'P1W', 'PT1H2M3.5S', 'P1DT', '10000d', '../x', './x', './', '/x', 'x//y', 'x/./y', 'a\\b', 'x/', '..', '1.0', '1.0.0', '1.2.3-01', 'LD_X', 'A_PROXY', 'TASKRUNNER_X',
  'builtin:noop', 'builtin:', 'ext:x', 'ext:x@1', 'ext:x@1.0.0', 'pack:x', 'sha256:0', 'Packs.Run', 'loop', 'gate.approval', 'gate', 'run', [], {}, [[]], [{}], ['x'], { x: 1 },
]; // prettier-ignore

/** One change of a manifest: a part replaced, taken away, added under a known name, or under an unknown one. */
const change = fc.record({
  place: fc.nat(),
  how: fc.constantFrom('odd', 'odd', 'remove', 'add', 'part', 'rename', 'unknown'),
  odd: fc.constantFrom(...ODD),
  part: fc.constantFrom(...PARTS),
  name: fc.constantFrom(...NAMES),
});

function changed(
  value: Json,
  { place, how, odd, part, name }: typeof change extends fc.Arbitrary<infer T> ? T : never,
): Json {
  const paths = pathsOf(value);
  if (paths.length === 0) return value;
  const path = paths[place % paths.length] as Path;
  const sibling = typeof path.at(-1) === 'string' ? [...path.slice(0, -1), name] : path;
  switch (how) {
    case 'odd':
      return withPart(value, path, odd);
    case 'remove':
      return withPart(value, path, undefined);
    case 'part':
      return withPart(value, path, part);
    case 'add':
      return withPart(value, sibling, place % 2 === 0 ? part : odd);
    case 'rename':
      return withPart(withPart(value, path, undefined), sibling, at(value, path));
    case 'unknown':
      return typeof path.at(-1) === 'string' ? withPart(value, [...path.slice(0, -1), 'surprise'], odd) : value;
  }
}

it('accepts exactly what the reader finds no fault of structure in', () => {
  let [sound, faulty] = [0, 0];
  fc.assert(
    fc.property(fc.constantFrom(...SEEDS), fc.array(change, { minLength: 1, maxLength: 3 }), (seed, changes) => {
      const value = changes.reduce<Json>(changed, seed);
      const faults = structural(faultsOf(value));
      if (faults.length === 0) sound++;
      else faulty++;
      const findings =
        compiled.kind === 'schema' ? compiled.findings(value).map((f) => `${f.pointer} ${f.message}`) : [];
      const shown = faults.map((f) => `${f.code} ${f.path} ${f.message}`);
      if ((findings.length === 0) !== (faults.length === 0))
        throw new Error(JSON.stringify({ shown, findings, changes }, null, 1));
    }),
    RUNS,
  );
  expect(sound).toBeGreaterThan(RUNS.numRuns / 20);
  expect(faulty).toBeGreaterThan(RUNS.numRuns / 20);
});
