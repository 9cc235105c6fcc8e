import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILTIN_EXECUTORS } from '@taskrunner/core/plan';
import type { ExecutionRequest, Outcome } from '@taskrunner/core/ports';
import { compileSchema } from '@taskrunner/core/schema';
import { growthOf } from '@taskrunner/core/testing';
import { FileObjectStore } from '../object-store/file-object-store';
import { builtinExecutors } from './builtin-executors';
import { failureOf } from './sandboxed/step-exit';
import { aRequest, aRun, NO_BUNDLES, NO_EXPORTS, NO_SPOOL, packFile, Report, tenant } from './testing/requests';
import { usable } from './step/usable-schema';

let folder: string;
let objects: FileObjectStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'executors-'));
  objects = await FileObjectStore.open(folder);
});
afterAll(() => rm(folder, { recursive: true }));

function perform(uses: string, request: ExecutionRequest): Promise<Outcome> {
  const options = {
    objects,
    sandboxOf: () => null,
    workDirectory: folder,
    artifactMaxBytes: 1,
    spool: NO_SPOOL,
    bundles: NO_BUNDLES,
    exports: NO_EXPORTS,
    interpreters: [],
  };
  const executor = builtinExecutors(options).get(uses);
  if (executor === undefined) throw new Error(`no ${uses}`);
  return executor.execute(request, new Report());
}

describe('pure executors', () => {
  const wrong = (code: string) => ({ kind: 'failed', code });
  it.each([
    ['builtin:noop', { a: [1] }, { kind: 'succeeded', outputs: { a: [1] } }],
    ['builtin:transform', { outputs: { b: 2 } }, { kind: 'succeeded', outputs: { b: 2 } }],
    ['builtin:transform', { outputs: [] }, wrong('WITH_INVALID')],
    ['builtin:fail', { message: 'no' }, { kind: 'failed', code: 'STEP_FAILED', message: 'no' }],
    ['builtin:wait', { for: '90s' }, { kind: 'deferred', forMs: 90_000 }],
    ['builtin:wait', { for: 'PT2M' }, { kind: 'deferred', forMs: 120_000 }],
    ['builtin:wait', { for: 'soon' }, wrong('WITH_INVALID')],
    ['builtin:validate-schema', { target: 1 }, wrong('WITH_INVALID')],
    [
      'builtin:validate-schema',
      { target: 1, schema: { type: 'integer' } },
      { kind: 'succeeded', outputs: { valid: true } },
    ],
    ['builtin:validate-schema', { schema: { type: 'null' } }, { kind: 'succeeded', outputs: { valid: true } }],
    ['builtin:validate-schema', { target: 1, schema: { type: 'integr' } }, wrong('SCHEMA_UNUSABLE')],
    ['builtin:validate-schema', { target: 1, schema: { $ref: 'https://example.org/s' } }, wrong('SCHEMA_UNUSABLE')],
    ['builtin:validate-schema', { target: 'a', schema: { pattern: '(?=a)a' } }, wrong('SCHEMA_UNUSABLE')],
    ['builtin:validate-schema', { target: 1, schema: 'gone.json' }, wrong('FILE_MISSING')],
  ])('%s with %j', async (uses, parameters, expected) =>
    expect(await perform(uses, aRequest(parameters))).toMatchObject(expected),
  );

  it('names the places where a target is not what its schema says, and no value', async () => {
    const schema = {
      type: 'object',
      required: ['name'],
      properties: {
        list: { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' } },
        at: { format: 'date-time' },
      },
    };
    const outcome = await perform(
      'builtin:validate-schema',
      aRequest({ target: { list: ['a', 'SECRET', 2], at: 'x' }, schema }),
    );
    expect(outcome).toMatchObject({ code: 'SCHEMA_INVALID', retryable: false });
    const { message } = outcome as Extract<Outcome, { kind: 'failed' }>;
    for (const part of ['(root) must have', '/list/1 must match', '/list/2 must be string', '/at must match'])
      expect(message).toContain(part);
    expect(message).not.toContain('SECRET');
  });

  it('reads a schema from the pack as an untrusted document', async () => {
    const good = 'type: object\nrequired: [a]\n';
    const bad = 'a: 1\na: 2\n';
    for (const text of [good, bad])
      await objects.put(tenant, [new TextEncoder().encode(text)] as never, { maxBytes: 1_000 });
    const run = aRun([packFile('schemas/good.yaml', good), packFile('schemas/bad.yaml', bad)]);
    const judge = (schema: string) => perform('builtin:validate-schema', aRequest({ target: {}, schema }, { run }));
    expect(await judge('schemas/good.yaml')).toMatchObject({ code: 'SCHEMA_INVALID' });
    expect(await judge('./schemas/bad.yaml')).toMatchObject({
      code: 'SCHEMA_UNUSABLE',
      message: expect.stringContaining('bad.yaml:2:1') as string,
    });
  });

  it.each([
    [{ n: { type: 'integer' } }, { n: 1 }, 'succeeded'],
    [{ n: { type: 'integer' } }, { n: '1' }, 'failed'],
    [{ n: {} }, {}, 'failed'],
    [{ f: { type: 'file' } }, { f: { digest: 'sha256:x', size: 1 } }, 'succeeded'],
    [{ f: { type: 'file' } }, { f: 'x' }, 'failed'],
  ])('declared outputs %j judge %j', async (outputs, written, kind) =>
    expect(await perform('builtin:noop', aRequest(written, {}, { outputs }))).toMatchObject({
      kind,
      ...(kind === 'failed' ? { code: 'OUTPUTS_INVALID' } : {}),
    }),
  );
});

it('matches patterns in linear steps', () => {
  const judge = usable(compileSchema({ type: 'string', pattern: '^(a+)+$' }));
  // The first text is short, so that the test also ends with a backtracking engine. The steps of the engine of JavaScript are not counted and
  // would show no growth.
  for (const size of [6, 500]) {
    const growth = growthOf((length) => expect(judge(`${'a'.repeat(length)}!`)).toHaveLength(1), size);
    expect(growth).toBeGreaterThan(1.8);
    expect(growth).toBeLessThan(2.2);
  }
});

it('tells the patterns of one schema apart', () => {
  const judge = usable(
    compileSchema({
      properties: { a: { pattern: '^a$' }, b: { pattern: '^b$' } },
      patternProperties: { '^c': false },
    }),
  );
  expect(judge({ a: 'a', b: 'b' })).toEqual([]);
  expect(judge({ a: 'b', b: 'a', cc: 1 }).map(({ pointer }) => pointer)).toEqual(['/a', '/b', '/cc']);
});

it('keeps the ids of two schemas apart', () => {
  const schema = (type: string) => ({ $id: 'https://example.org/same', type });
  expect(usable(compileSchema(schema('string')))('a')).toEqual([]);
  expect(usable(compileSchema(schema('number')))('a')).toHaveLength(1);
});

describe('an exit', () => {
  it.each([
    [0, null, null, null],
    [3, null, null, null],
    [1, null, 'EXIT_1', true],
    [75, null, 'EXIT_75', true],
    [78, null, 'EXIT_78', false],
    [137, null, 'KILLED', true],
    [null, 'SIGSEGV', 'KILLED', true],
    [255, null, 'EXIT_255', true],
  ])('%s %s is %s', (code, signal, expected, retryable) => {
    const failure = failureOf({ code, signal, killed: null }, new Set([0, 3]));
    expect(failure === null ? null : failure.kind === 'failed' && [failure.code, failure.retryable]).toEqual(
      expected === null ? null : [expected, retryable],
    );
  });
});

it.each([
  ['sealed', 'bwrap-sealed/v1', 'SEALED_UNENFORCEABLE'],
  ['open', 'bwrap-open/v2', 'SANDBOX_UNAVAILABLE'],
])('a step of a run that is %s starts in %s or not at all', async (mode, isolation, code) => {
  const asked: string[] = [];
  const executors = builtinExecutors({
    objects,
    sandboxOf: (wanted) => {
      asked.push(wanted);
      return null;
    },
    workDirectory: folder,
    artifactMaxBytes: 1,
    spool: NO_SPOOL,
    bundles: NO_BUNDLES,
    exports: NO_EXPORTS,
    interpreters: ['sh'],
  });
  const run = { ...aRun(), environment: JSON.stringify({ mode, isolation }) };
  for (const [uses, parameters] of [
    ['builtin:command', { command: ['true'] }],
    ['builtin:script', { interpreter: ['sh'], source: 'true' }],
  ] as const) {
    const outcome = await executors.get(uses)?.execute(aRequest(parameters, { run }), new Report());
    expect(outcome).toMatchObject({ kind: 'failed', code, retryable: true });
  }
  expect(asked).toEqual([isolation, isolation]);
});

it('every executor that has a descriptor is made', () => {
  const executors = builtinExecutors({
    objects,
    sandboxOf: () => ({ owner: null }) as never,
    containers: { owner: null } as never,
    workDirectory: folder,
    artifactMaxBytes: 1,
    spool: NO_SPOOL,
    bundles: NO_BUNDLES,
    exports: NO_EXPORTS,
    interpreters: [],
  });
  expect([...executors.keys()].sort()).toEqual(BUILTIN_EXECUTORS.map(({ uses }) => uses).sort());
});
