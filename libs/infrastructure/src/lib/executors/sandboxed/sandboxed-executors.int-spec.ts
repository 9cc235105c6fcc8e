import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@taskrunner/core/canonical';
import { CodedError, type Digest } from '@taskrunner/core/foundation';
import type { ExecutionRequest, Executor, MountedFile, Outcome } from '@taskrunner/core/ports';
import { Redactor } from '@taskrunner/core/secret';
import { FileObjectStore } from '../../object-store/file-object-store';
import { searched } from '@taskrunner/core/testing';
import { tarEntries } from '../../archive/read-tar';
import { probeSandbox } from '../../sandbox/probe';
import type { IsolationProfile, Sandbox } from '../../sandbox/sandbox';
import { stepSandbox } from '../../sandbox/step-sandbox';
import { Supervisor } from '../../sandbox/supervisor';
import { builtinExecutors } from '../builtin-executors';
import {
  awayOnce,
  aRequest,
  aRun,
  NO_BUNDLES,
  NO_EXPORTS,
  NO_SPOOL,
  packFile,
  Report,
  tenant,
} from '../testing/requests';

describe.each<IsolationProfile>(['bwrap-open/v2', 'none/v1'])('under %s', (profile) => {
  let folder: string;
  let work: string;
  let supervisor: Supervisor;
  let sandbox: Sandbox | null;
  let objects: FileObjectStore;
  let executors: ReadonlyMap<string, Executor>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'steps-'));
    work = join(folder, 'work');
    await mkdir(work);
    supervisor = Supervisor.start();
    objects = await FileObjectStore.open(join(folder, 'objects'));
    const probe = await probeSandbox({ profile, supervisor, stubFolder: join(folder, 'etc') });
    ({ sandbox } = probe);
    if (sandbox === null && process.env['CI'] === 'true') throw new Error(probe.reason ?? '');
    if (sandbox === null) return console.warn(`skipped: ${probe.reason}`);
    const stepsIn = stepSandbox(sandbox, supervisor, tarEntries);
    const interpreters = ['sh', 'node', 'python3'];
    const traceparent = () => '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    executors = builtinExecutors({
      objects,
      sandboxOf: () => stepsIn,
      workDirectory: work,
      artifactMaxBytes: 1 << 20,
      spool: NO_SPOOL,
      bundles: NO_BUNDLES,
      exports: NO_EXPORTS,
      interpreters,
      traceparent,
    });
  });
  afterEach(() => expect(readdirSync(work)).toEqual([]));
  afterAll(async () => {
    await supervisor.close();
    await rm(folder, { recursive: true });
  });

  async function perform(uses: string, request: ExecutionRequest) {
    const report = new Report();
    const executor = executors.get(uses);
    if (executor === undefined) throw new Error(`no ${uses}`);
    return { outcome: await executor.execute(request, report), report };
  }
  const command = (request: ExecutionRequest) => perform('builtin:command', request);
  const sh = (script: string, overrides: Partial<ExecutionRequest> = {}, node: Parameters<typeof aRequest>[2] = {}) =>
    command(aRequest({ command: ['sh', '-c', script] }, overrides, node));
  const put = async (content: string | Uint8Array) =>
    (await objects.put(tenant, [Buffer.from(content)] as never, { maxBytes: 1 << 24 })).digest;
  const read = async (digest: Digest) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of await objects.open(tenant, digest)) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const object = async (content: string | Uint8Array, name: string): Promise<MountedFile> => ({
    kind: 'object',
    digest: await put(content),
    size: content.length,
    name,
  });
  // A machine without bubblewrap has nothing to test here; the notice is printed once above.
  const test = (name: string, check: () => Promise<void>) =>
    it(name, async () => {
      if (sandbox !== null) await check();
    });
  /** A case that hardly depends on the profile: under `none/v1` in `npm run test:all` only. */
  const shared = profile === 'none/v1' ? searched(() => undefined, test) : test;

  test('runs an argv and returns its exit code and what it wrote to the outputs file', async () => {
    const { outcome, report } = await sh(`echo out; echo err >&2; printf '{"n": 1}' > "$TASKRUNNER_OUTPUTS"`);
    expect(outcome).toEqual({ kind: 'succeeded', outputs: { n: 1, exitCode: 0 } });
    expect([report.stdout, report.stderr]).toEqual(['out\n', 'err\n']);
    expect(report.of('tool.resolved')).toMatchObject([
      { step: 'rollout[3]::apply', execution: 3, digest: expect.stringMatching(/^sha256:/) as string },
    ]);
  });

  test('gives it exactly the environment that the language promises', async () => {
    const { report } = await command(aRequest({ command: ['env'] }, { env: { COLOUR: 'red' } }));
    const env = Object.fromEntries(
      report.stdout
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const { PWD: _, ...rest } = env;
    expect(Object.keys(rest).sort()).toEqual([
      'COLOUR',
      'HOME',
      'LANG',
      'PATH',
      'TASKRUNNER_ATTEMPT',
      'TASKRUNNER_IDEMPOTENCY_KEY',
      'TASKRUNNER_OUTPUTS',
      'TASKRUNNER_PLAN_HASH',
      'TASKRUNNER_RUN_ID',
      'TASKRUNNER_STEP_ID',
      'TMPDIR',
      'TRACEPARENT',
      'TZ',
    ]);
    expect(env).toMatchObject({
      TASKRUNNER_STEP_ID: 'rollout[3]::apply',
      TASKRUNNER_ATTEMPT: '2',
      TASKRUNNER_IDEMPOTENCY_KEY: 'key-1',
      TZ: 'UTC',
      COLOUR: 'red',
    });
  });

  shared('lays down content, objects, lists and tars, each with its material', async () => {
    const { report: first } = await sh(
      'mkdir -p out/tree/deep; echo a > out/tree/a; echo b > out/tree/deep/b; chmod +x out/tree/a',
      {},
      {
        artifacts: [{ name: 'tree', path: 'out/tree/', mediaType: null, optional: false }],
      },
    );
    const [tree] = first.of('artifact.captured');
    if (tree === undefined) throw new Error('no artifact');
    const files = {
      'text.txt': { kind: 'content', content: 'plain' },
      'deep/value.json': { kind: 'content', content: { b: 1, a: [true] } },
      'report.json': await object('{"r":1}', 'out/report.json'),
      'many/': [await object('one', 'x.txt'), await object('two', 'x.txt')],
      'tree/': { kind: 'object', digest: tree.digest, size: tree.size, name: 'tree' },
    } as const;
    const { outcome, report } = await sh(
      'cd in; for f in $(find . -type f | sort); do echo "$f $(cat $f)"; done; test -x tree/a && echo executable',
      { files },
    );
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(report.stdout.trim().split('\n')).toEqual([
      './deep/value.json {"a":[true],"b":1}',
      './many/000000-x.txt one',
      './many/000001-x.txt two',
      './report.json {"r":1}',
      './text.txt plain',
      './tree/a a',
      './tree/deep/b b',
      'executable',
    ]);
    expect(report.of('material.mounted').map(({ path, digest }) => [path, digest])).toEqual([
      ['in/text.txt', sha256('plain')],
      ['in/deep/value.json', sha256('{"a":[true],"b":1}')],
      ['in/report.json', sha256('{"r":1}')],
      ['in/many/000000-x.txt', sha256('one')],
      ['in/many/000001-x.txt', sha256('two')],
      ['in/tree/', tree.digest],
    ]);
  });

  shared('lays down the pack, which a command may call by its path', async () => {
    const tool = '#!/bin/sh\necho "tool $1 $(cat pack/data/x)"';
    for (const text of [tool, 'X']) await put(text);
    const run = aRun([packFile('bin/tool.sh', tool, true), packFile('data/x', 'X')]);
    const files: ExecutionRequest['files'] = { 'copy.txt': { kind: 'pack', path: 'data/x' } };
    const { outcome, report } = await command(aRequest({ command: ['pack/bin/tool.sh', 7] }, { run, files }));
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(report.stdout).toBe('tool 7 X\n');
    const [resolved, interpreter] = report.of('tool.resolved');
    expect(resolved?.digest).toBe(sha256(tool));
    expect(interpreter?.digest).toMatch(/^sha256:/);
    expect(report.of('material.mounted')).toMatchObject([{ path: 'in/copy.txt', digest: sha256('X') }]);
  });

  shared('runs scripts of the pack and from source, never interpolated', async () => {
    const script =
      'import sys, json, os\njson.dump({"args": sys.argv[1:]}, open(os.environ["TASKRUNNER_OUTPUTS"], "w"))\n';
    await put(script);
    const run = aRun([packFile('scripts/s.py', script)]);
    const fromPack = aRequest(
      { interpreter: ['python3', '-B'], path: 'scripts/s.py', args: ['a b', '$(id)', 3] },
      { run },
    );
    expect((await perform('builtin:script', fromPack)).outcome).toEqual({
      kind: 'succeeded',
      outputs: { args: ['a b', '$(id)', '3'], exitCode: 0 },
    });
    const source = 'console.log(process.argv.slice(2).join(), `{{ inputs.x }}`); process.stdin.pipe(process.stdout)';
    const fromSource = await perform(
      'builtin:script',
      aRequest({ interpreter: ['node'], source, args: ['x'], stdin: { a: 1 } }),
    );
    expect(fromSource.report.stderr).toBe('');
    expect(fromSource.report.stdout).toBe('x {{ inputs.x }}\n{"a":1}');
  });

  test('says why it ended', async () => {
    const ends: [string, object][] = [
      ['exit 3', { kind: 'failed', code: 'EXIT_3', retryable: true, exitCode: 3 }],
      ['exit 75', { kind: 'failed', code: 'EXIT_75', retryable: true }],
      ['exit 78', { kind: 'failed', code: 'EXIT_78', retryable: false }],
      ['kill -KILL $$', { kind: 'failed', code: 'KILLED', retryable: true }],
      ['echo "[1]" > "$TASKRUNNER_OUTPUTS"', { kind: 'failed', code: 'OUTPUTS_INVALID', exitCode: 0 }],
      ['ln -s /etc/passwd "$TASKRUNNER_OUTPUTS"', { kind: 'failed', code: 'OUTPUTS_REFUSED' }],
      ['echo "{" > "$TASKRUNNER_OUTPUTS"', { kind: 'failed', code: 'OUTPUTS_INVALID' }],
      ['head -c 1100000 /dev/zero > "$TASKRUNNER_OUTPUTS"', { kind: 'failed', code: 'OUTPUTS_INVALID' }],
    ];
    for (const [script, expected] of ends)
      expect([script, (await sh(script)).outcome]).toEqual([script, expect.objectContaining(expected)]);
    expect((await command(aRequest({ command: ['sh', '-c', 'exit 3'], okExitCodes: [0, 3] }))).outcome).toEqual({
      kind: 'succeeded',
      outputs: { exitCode: 3 },
    });
    const declared = await sh(
      `echo '{"n": "x"}' > "$TASKRUNNER_OUTPUTS"`,
      {},
      { outputs: { n: { type: 'integer' }, m: {} } },
    );
    expect(declared.outcome).toMatchObject({
      code: 'OUTPUTS_INVALID',
      message: '/n must be integer; /m is declared but missing',
    });
  });

  shared('of a once step that has run and whose artifacts cannot be kept nobody knows the outcome', async () => {
    const artifacts = [{ name: 'report', path: 'report', mediaType: null, optional: false }];
    for (const [effects, expected] of [
      ['once', { kind: 'lost', reason: 'OBJECT_STORE_UNAVAILABLE' }],
      ['idempotent', { kind: 'failed', code: 'OBJECT_STORE_UNAVAILABLE', retryable: true, exitCode: 0 }],
    ] as const) {
      const away = new CodedError('OBJECT_STORE_UNAVAILABLE', 'the store is away', 'Wait.', []);
      const put = jest.spyOn(objects, 'put').mockRejectedValue(away);
      const { outcome } = await sh('echo done > out/report', {}, { artifacts, effects });
      put.mockRestore();
      expect(outcome).toMatchObject(expected);
    }
  });

  shared('refuses before it starts anything', async () => {
    const tar: MountedFile = await object('no tar at all, and shorter than a block', 'x');
    const cases: [string, ExecutionRequest, string][] = [
      ['builtin:command', aRequest({ command: 'ls -l' }), 'WITH_INVALID'],
      ['builtin:command', aRequest({ command: [] }), 'WITH_INVALID'],
      ['builtin:command', aRequest({ command: [{ a: 1 }] }), 'WITH_INVALID'],
      ['builtin:command', aRequest({ command: ['no-such-tool-here'] }), 'TOOL_NOT_FOUND'],
      [
        'builtin:command',
        aRequest({ command: ['in/x'] }, { files: { x: { kind: 'content', content: 'x' } } }),
        'TOOL_REFUSED',
      ],
      ['builtin:command', aRequest({ command: ['true'] }, { env: { LD_PRELOAD: 'x' } }), 'ENV_REFUSED'],
      [
        'builtin:command',
        aRequest({ command: ['true'] }, { files: { '../x': { kind: 'content', content: 'x' } } }),
        'FILE_PATH_INVALID',
      ],
      [
        'builtin:command',
        aRequest({ command: ['true'] }, { files: { x: { kind: 'pack', path: 'gone' } } }),
        'FILE_MISSING',
      ],
      ['builtin:command', aRequest({ command: ['true'] }, { files: { 'x/': tar } }), 'FILE_NOT_A_TAR'],
      ['builtin:command', aRequest({ command: ['true'] }, { files: { x: [tar] } }), 'WITH_INVALID'],
      [
        'builtin:command',
        aRequest(
          { command: ['true'] },
          { files: { x: { kind: 'object', digest: sha256('gone'), size: 1, name: 'x' } } },
        ),
        'OBJECT_MISSING',
      ],
      [
        'builtin:command',
        aRequest(
          { command: ['true'] },
          { files: { a: { kind: 'content', content: 'x' }, 'a/b': { kind: 'content', content: 'x' } } },
        ),
        'FILE_PATH_TAKEN',
      ],
      ['builtin:command', aRequest({ command: ['true'] }, {}, { tools: { true: [sha256('other')] } }), 'TOOL_MISMATCH'],
      ['builtin:script', aRequest({ interpreter: ['perl'], source: '1' }), 'INTERPRETER_NOT_ALLOWED'],
      ['builtin:script', aRequest({ interpreter: ['/bin/sh'], source: '1' }), 'INTERPRETER_NOT_ALLOWED'],
      ['builtin:script', aRequest({ interpreter: ['sh'], source: '1', path: 'x' }), 'WITH_INVALID'],
      ['builtin:script', aRequest({ interpreter: ['sh'], path: 'gone.sh' }), 'FILE_MISSING'],
    ];
    for (const [uses, request, code] of cases) {
      const { outcome, report } = await perform(uses, request);
      expect([request.with, request.files, outcome]).toEqual([
        request.with,
        request.files,
        expect.objectContaining({ kind: 'failed', code, retryable: false }),
      ]);
      expect(report.stdout).toBe('');
    }
  });

  test('stores artifacts by what they are, also of a failed attempt', async () => {
    const artifacts = [
      { name: 'report', path: 'report.json', mediaType: 'application/json', optional: false },
      { name: 'logs', path: 'logs/*.txt', mediaType: null, optional: false },
      { name: 'extra', path: 'extra', mediaType: null, optional: true },
    ];
    const script = 'echo {} > out/report.json; mkdir logs; echo b > logs/b.txt; echo a > logs/a.txt; exit ';
    for (const [code, kind] of [
      [0, 'succeeded'],
      [5, 'failed'],
    ] as const) {
      const { outcome, report } = await sh(script + code, {}, { artifacts });
      expect(outcome.kind).toBe(kind);
      const captured = report.of('artifact.captured');
      expect(captured.map(({ name, path, size, mediaType }) => [name, path, size, mediaType])).toEqual([
        ['report', 'out/report.json', 3, 'application/json'],
        ['logs', 'logs/a.txt', 2, 'application/octet-stream'],
        ['logs', 'logs/b.txt', 2, 'application/octet-stream'],
      ]);
      for (const { digest } of captured)
        expect(
          `sha256:${createHash('sha256')
            .update(await read(digest))
            .digest('hex')}`,
        ).toBe(digest);
    }
    const missing = await sh('true', {}, { artifacts });
    expect(missing.outcome).toMatchObject({ kind: 'failed', code: 'ARTIFACT_MISSING', exitCode: 0 });
    const failed = await sh('exit 4', {}, { artifacts });
    expect(failed.outcome).toMatchObject({ kind: 'failed', code: 'EXIT_4' });
    expect(failed.report.lines.join()).toContain('ARTIFACT_MISSING');
    const large = await sh(
      'head -c 1100000 /dev/zero > large; echo {} > report.json; mkdir logs; echo > logs/a.txt',
      {},
      {
        artifacts: [{ name: 'large', path: 'large', mediaType: null, optional: false }, ...artifacts],
      },
    );
    expect(large.outcome).toMatchObject({ kind: 'failed', code: 'ARTIFACT_TOO_LARGE' });
    expect(large.report.of('artifact.captured').map(({ name }) => name)).toEqual(['report', 'logs']);
  });

  shared('takes artifacts again where the object store was away, and reports each once', async () => {
    const artifacts = ['small', 'large'].map((name) => ({ name, path: name, mediaType: null, optional: false }));
    const script = 'echo small > small; head -c 1048576 /dev/zero > large';
    const { storage, failures } = awayOnce(join(folder, 'objects'));
    const { outcome, report } = await sh(script, { storage }, { artifacts, effects: 'once' });
    expect(failures).toEqual(['OBJECT_STORE_UNAVAILABLE']);
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(report.of('artifact.captured').map(({ name, size }) => [name, size])).toEqual([
      ['small', 6],
      ['large', 1 << 20],
    ]);
    for (const { digest, size } of report.of('artifact.captured')) expect((await read(digest)).length).toBe(size);
  });

  shared('stores a large artifact, and of one that holds a secret neither bytes nor digest nor size', async () => {
    const artifacts = [{ name: 'large', path: 'large', mediaType: null, optional: false }];
    const script = 'head -c 1048560 /dev/zero > large; printf k3y-0123456789ab >> large';
    const bytes = Buffer.concat([Buffer.alloc(1_048_560), Buffer.from('k3y-0123456789ab')]);
    const digest = sha256(bytes);
    const reported = { name: 'large', path: 'large', digest, size: 1 << 20, mediaType: 'application/octet-stream' };

    const secretive = await sh(script, { redactor: Redactor.of([Buffer.from('k3y-0123456789ab')]) }, { artifacts });
    expect(secretive.report.of('artifact.captured')).toEqual([]);
    const detail = { step: 'rollout[3]::apply', execution: 3, name: 'large', path: 'large' };
    expect(secretive.report.facts).toContainEqual({ type: 'note', code: 'ARTIFACT_WITHHELD', detail });
    expect(JSON.stringify(secretive.report.facts)).not.toContain(digest.slice(7));
    expect(secretive.report.lines).toContain(
      'warn The artifact "large" contains a secret of the run. It is not stored.',
    );
    await expect(read(digest)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });

    const plain = await sh(script, {}, { artifacts });
    expect(plain.report.of('artifact.captured')).toMatchObject([reported]);
    expect((await read(digest)).equals(bytes)).toBe(true);
    expect(readdirSync(join(folder, 'objects', 'staging'))).toEqual([]);
  });

  test('stops: SIGTERM, grace, SIGKILL, and then nothing is left', async () => {
    const artifacts = [{ name: 'trace', path: 'trace', mediaType: null, optional: true }];
    // The process does not end by itself. If it is not stopped, it outlasts the timeout of this test.
    const trapping = 'trap "echo told" TERM; echo x > trace; echo ready; while :; do sleep 0.05; done';
    for (const [reason, effects, captured] of [
      ['cancel', 'idempotent', 0],
      ['attempt-timeout', 'once', 1],
      ['hand-over', 'idempotent', 0],
    ] as const) {
      const abort = new AbortController();
      const report = new Report();
      report.output = async (_, bytes) => {
        report.stdout += Buffer.from(bytes).toString();
        if (report.stdout.includes('ready')) abort.abort(reason);
      };
      const supplied = { run: aRun([], {}, { stopGraceMs: 2_000 }), signal: abort.signal };
      const request = aRequest({ command: ['sh', '-c', trapping] }, supplied, { artifacts, effects });
      const outcome: Outcome | undefined = await executors.get('builtin:command')?.execute(request, report);
      expect(outcome).toEqual({ kind: 'stopped', unknown: effects === 'once' });
      expect(report.of('artifact.captured')).toHaveLength(captured);
      expect(report.stdout).toContain('told');
    }
    const early = await sh('true', { signal: AbortSignal.abort('cancel') });
    expect(early.outcome).toEqual({ kind: 'stopped', unknown: false });
    expect(early.report.facts).toEqual([]);
  });

  shared('lets the child wait while there is no room for its output', async () => {
    const report = new Report();
    let bytes = 0;
    let busy = 0;
    report.output = async (_, chunk) => {
      expect(++busy).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      bytes += chunk.length;
      busy--;
    };
    const outcome = await executors
      .get('builtin:command')
      ?.execute(aRequest({ command: ['head', '-c', '3000000', '/dev/zero'] }), report);
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(bytes).toBe(3_000_000);
  });

  test('fails when it is killed with its worker’s lease', async () => {
    const dying = Supervisor.start();
    try {
      const stepsIn = stepSandbox(sandbox as Sandbox, dying, tarEntries);
      const step = builtinExecutors({
        objects,
        sandboxOf: () => stepsIn,
        workDirectory: work,
        artifactMaxBytes: 1,
        spool: NO_SPOOL,
        bundles: NO_BUNDLES,
        exports: NO_EXPORTS,
        interpreters: [],
      }).get('builtin:command');
      dying.renew(1_000);
      const outcome = await step?.execute(
        aRequest({ command: ['sleep', '60'] }, {}, { effects: 'once' }),
        new Report(),
      );
      expect(outcome).toMatchObject({ kind: 'lost', reason: 'killed: deadline' });
      const refused = await step?.execute(aRequest({ command: ['true'] }), new Report());
      expect(refused).toMatchObject({ kind: 'lost', reason: 'SUPERVISOR_EXPIRED' });
    } finally {
      await dying.close();
    }
  });

  test('leaves nothing behind that it was given by name', async () => {
    expect(existsSync(join(work, aRun().runId))).toBe(false);
  });
});
