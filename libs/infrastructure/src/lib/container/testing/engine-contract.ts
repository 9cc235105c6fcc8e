import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest, StepId } from '@taskrunner/core/foundation';
import type { ExecutionRequest, Executor, Outcome, StepSandbox } from '@taskrunner/core/ports';
import { tarEntries } from '../../archive/read-tar';
import { builtinExecutors } from '../../executors/builtin-executors';
import {
  NO_BUNDLES,
  NO_EXPORTS,
  NO_SPOOL,
  aRequest,
  aRun,
  packFile,
  Report,
  tenant,
} from '../../executors/testing/requests';
import { FileObjectStore } from '../../object-store/file-object-store';
import { probeSandbox } from '../../sandbox/probe';
import { stepSandbox } from '../../sandbox/step-sandbox';
import { Supervisor } from '../../sandbox/supervisor';
import { Workspace } from '../../sandbox/workspace/workspace';
import type { ContainerCeiling, ContainerEngine } from '../container-engine';
import { makeTinyImage, podmanFault, type TinyImage } from './tiny-image';

export const RUNTIME = 'runc';
export const CEILING: ContainerCeiling = {
  memoryBytes: 128 * 1024 * 1024,
  cpuMillicores: 1_000,
  processes: 64,
  tmpBytes: 8 * 1024 * 1024,
  shmBytes: 4 * 1024 * 1024,
};

/** The environment of an engine's contract suite. */
export interface EngineSetting {
  /** Folder of the workspaces. */
  readonly work: string;
  readonly supervisor: Supervisor;
  readonly image: TinyImage;
  readonly other: TinyImage;
}

/** An engine with the observations that the suite needs. */
export interface EngineUnderTest {
  readonly engine: ContainerEngine;
  /** Names of all containers of this engine. */
  left(): Promise<readonly string[]>;
  /** An engine that starts another image than the requested one. */
  lying(): Promise<ContainerEngine>;
  /** An engine of the same worker whose process ends after it created a container. */
  dying(): Promise<{ readonly engine: ContainerEngine; readonly made: () => Promise<unknown> }>;
  close(): Promise<void>;
}

/** Helpers that the suite shares with tests of a single engine. */
export interface Performing {
  readonly perform: (
    engine: ContainerEngine,
    parameters: ExecutionRequest['with'],
  ) => Promise<{ readonly outcome: Outcome; readonly report: Report }>;
}

/** The cases of the contract that `npm test` runs. `npm run test:all` runs all of them for every engine. */
export type Cases = 'all' | 'main';

/** The contract of every engine, tested through the executor that uses it. */
export function describeEngine<Under extends EngineUnderTest>(
  name: string,
  cases: Cases,
  open: (setting: EngineSetting) => Promise<Under>,
  more: Readonly<Record<string, (tested: Under, suite: Performing) => Promise<void>>> = {},
): void {
  describe(name, () => {
    let folder: string;
    let supervisor: Supervisor;
    let objects: FileObjectStore;
    let images: readonly TinyImage[] = [];
    let under: Under | null = null;
    let stepsIn: StepSandbox;
    let work: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'containers-'));
      work = join(folder, 'work');
      await mkdir(work);
      supervisor = Supervisor.start();
      objects = await FileObjectStore.open(join(folder, 'objects'));
      const fault = await podmanFault(RUNTIME);
      const { sandbox, reason } = await probeSandbox({
        profile: 'bwrap-open/v2',
        supervisor,
        stubFolder: join(folder, 'etc'),
      });
      if (fault !== null || sandbox === null) {
        if (process.env['CI'] === 'true') throw new Error(fault ?? reason ?? '');
        console.warn(`skipped: ${fault ?? reason}`);
        return;
      }
      images = [await makeTinyImage(), await makeTinyImage('other')];
      const [image, other] = images as [TinyImage, TinyImage];
      stepsIn = stepSandbox(sandbox, supervisor, tarEntries);
      under = await open({ work, supervisor, image, other });
    }, 120_000);
    afterEach(async () => {
      if (under !== null) expect(await under.left()).toEqual([]);
      expect(await readdir(work)).toEqual([]);
    });
    afterAll(async () => {
      await under?.close();
      await supervisor.close();
      for (const image of images) await image.remove();
      await rm(folder, { recursive: true });
    }, 60_000);

    const test = (title: string, check: (tested: Under) => Promise<void>) =>
      it(
        title,
        async () => {
          if (under !== null) await check(under);
        },
        120_000,
      );
    /** A case of what the engines have in common: what a container does, and what the executor makes of it. */
    const common = cases === 'all' || process.env['TASKRUNNER_TESTS'] === 'all' ? test : () => undefined;
    const reference = (image: { readonly name: string; readonly digest: Digest } | undefined): string =>
      `${image?.name}@${image?.digest}`;
    const node = (more: object) => ({ retries: { attemptTimeoutMs: 60_000 }, ...more }) as never;

    async function perform(
      engine: ContainerEngine,
      parameters: ExecutionRequest['with'],
      overrides: Partial<ExecutionRequest> = {},
      more: object = {},
      report = new Report(),
    ): Promise<{ readonly outcome: Outcome; readonly report: Report }> {
      const executor: Executor | undefined = builtinExecutors({
        ...{ objects, sandboxOf: () => stepsIn, containers: engine, workDirectory: work },
        ...{
          artifactMaxBytes: 1 << 24,
          spool: NO_SPOOL,
          interpreters: [],
          bundles: NO_BUNDLES,
          exports: NO_EXPORTS,
        },
      }).get('builtin:container');
      const request = aRequest({ image: reference(images[0]), ...parameters }, overrides, node(more));
      return { outcome: await (executor as Executor).execute(request, report), report };
    }
    const sh = (
      tested: EngineUnderTest,
      script: string,
      overrides: Partial<ExecutionRequest> = {},
      more: object = {},
    ) => perform(tested.engine, { args: [script] }, overrides, more);
    const read = async (digest: Digest): Promise<string> => {
      const pieces: Uint8Array[] = [];
      for await (const piece of await objects.open(tenant, digest)) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    };
    /** Resolves when the step has printed this text. */
    const saying = (text: string): { readonly report: Report; readonly said: Promise<void> } => {
      const report = new Report();
      let release: () => void;
      const said = new Promise<void>((resolve) => (release = resolve));
      const output = report.output.bind(report);
      report.output = async (stream, bytes) => {
        await output(stream, bytes);
        if (report.stdout.includes(text)) release();
      };
      return { report, said };
    };

    test('takes outputs, artifacts, output, and tells which image it was', async (tested) => {
      const { outcome, report } = await sh(
        tested,
        `echo hello; printf '{"n": 7}' > "$TASKRUNNER_OUTPUTS"; echo data > out/report.txt`,
        {},
        { artifacts: [{ name: 'report', path: 'report.txt', mediaType: null, optional: false }] },
      );
      expect(outcome).toEqual({ kind: 'succeeded', outputs: { n: 7, exitCode: 0 } });
      expect(report.stdout).toBe('hello\n');
      const [artifact] = report.of('artifact.captured');
      expect(artifact && (await read(artifact.digest))).toBe('data\n');
      expect(report.of('tool.resolved')).toMatchObject([{ path: reference(images[0]), digest: images[0]?.digest }]);
    });

    test('hands on arguments and values as they are', async (tested) => {
      const value = ` "quoted" $HOME 'x' #\n\tlast line\n`;
      const { outcome, report } = await perform(
        tested.engine,
        {
          command: ['/usr/bin/sh', '-c', 'for a; do echo "<$a>"; done; printenv ODD; printenv PLAIN', 'sh'],
          args: [value, 1, true, ''],
        },
        { env: { ODD: value, PLAIN: ' x=y ', LONG: 'y'.repeat(80_000) } },
      );
      expect(outcome).toEqual({ kind: 'succeeded', outputs: { exitCode: 0 } });
      expect(report.stdout).toBe(`<${value}>\n<1>\n<true>\n<>\n${value}\n x=y \n`);
    });

    common('gives it the environment that the language promises, before the image’s own', async (tested) => {
      const { report } = await sh(tested, 'printenv; echo "cwd $(ls)"');
      for (const line of ['HOME=/task/home', 'TMPDIR=/task/tmp', 'TZ=UTC', 'PATH=/usr/bin', 'LANG=C.UTF-8'])
        expect(report.stdout.split('\n')).toContain(line);
      for (const name of ['RUN_ID', 'STEP_ID', 'ATTEMPT', 'PLAN_HASH', 'IDEMPOTENCY_KEY', 'OUTPUTS'])
        expect(report.stdout).toContain(`TASKRUNNER_${name}=`);
      expect(report.stdout).not.toMatch(/KUBERNETES|_PROXY/i);
      expect(report.stdout).toContain('cwd home\nin\nout\npack\ntmp\n');
    });

    common('tells exit codes apart', async (tested) => {
      // Separate steps, because an execution ends earlier executions of its step.
      const exited = async (code: number) => sh(tested, `exit ${code}`, { step: `exit-${code}` as StepId });
      const codes = (await Promise.all([3, 75, 78].map(exited))).map(({ outcome }) => outcome);
      // Compared whole: a lost outcome shows its cause.
      const message: unknown = expect.any(String);
      expect(codes).toEqual([
        { kind: 'failed', code: 'EXIT_3', retryable: true, exitCode: 3, message },
        { kind: 'failed', code: 'EXIT_75', retryable: true, exitCode: 75, message },
        { kind: 'failed', code: 'EXIT_78', retryable: false, exitCode: 78, message },
      ]);
      const { outcome } = await perform(tested.engine, { args: ['exit 3'], okExitCodes: [3] });
      expect(outcome).toEqual({ kind: 'succeeded', outputs: { exitCode: 3 } });
    });

    common('mounts files and the pack, read-only', async (tested) => {
      const run = aRun([packFile('scripts/x.sh', 'of the pack\n')]);
      await objects.put(tenant, [Buffer.from('of the pack\n')] as never, { maxBytes: 100 });
      const { outcome, report } = await sh(
        tested,
        'cat in/a/b.json pack/scripts/x.sh; touch in/x 2>/dev/null; touch pack/x 2>/dev/null; touch out/x tmp/x home/x x && echo written',
        { run, files: { 'a/b.json': { kind: 'content', content: { a: 1 } } } },
      );
      expect(report.stdout).toBe('{"a":1}of the pack\nwritten\n');
      expect(outcome.kind).toBe('succeeded');
      expect(report.of('material.mounted')).toMatchObject([{ path: 'in/a/b.json' }]);
    });

    test('keeps it apart: no network, no capabilities, nobody, a read-only root, no token', async (tested) => {
      const { report } = await sh(
        tested,
        `while read -r line; do case $line in Uid:*|CapEff:*|CapBnd:*|NoNewPrivs:*|Seccomp:*) echo $line;; esac; done < /proc/self/status
         while read -r name rest; do echo "net $name"; done < /proc/net/dev
         touch /x 2>/dev/null || echo read-only; touch /tmp/x && echo tmp; ls /var/run/secrets /run/secrets 2>/dev/null; ls /run`,
      );
      const lines = report.stdout.trim().split('\n');
      expect(lines).toEqual(expect.arrayContaining(['CapEff: 0000000000000000', 'NoNewPrivs: 1', 'read-only', 'tmp']));
      expect(lines).toContain('CapBnd: 0000000000000000');
      expect(lines.find((line) => line.startsWith('Uid:'))).toMatch(/^Uid: [1-9]/);
      expect(lines.filter((line) => /^net .*:/.test(line))).toEqual(['net lo:']);
      expect(lines).not.toContain('kubernetes.io');
    });

    test('refuses more than the configuration allows', async (tested) => {
      const { outcome } = await perform(tested.engine, { args: ['true'], resources: { memoryMiB: 129 } });
      expect(outcome).toMatchObject({ kind: 'failed', code: 'RESOURCES_EXCEEDED', retryable: false });
    });

    common('bounds what it writes in all, while it runs and in a burst', async (tested) => {
      const run = aRun([], { workspaceMiB: 4 });
      for (const rest of ['sleep 600', 'exit 0']) {
        const { outcome } = await sh(tested, `for n in 1 2 3; do seq 1 300000 >out/$n; done; ${rest}`, { run });
        expect(outcome).toMatchObject({ kind: 'failed', code: 'SANDBOX_LIMIT_WORKSPACE', retryable: true });
      }
      const files = { run: aRun([], {}, { maxFiles: 50 }) };
      const { outcome } = await sh(tested, 'cd out; for n in $(seq 60); do : >$n; done', files);
      expect(outcome).toMatchObject({ kind: 'failed', code: 'SANDBOX_LIMIT_FILES' });
    });

    test('says that its memory was too little', async (tested) => {
      const { outcome } = await sh(tested, 'x=0123456789abcdef; while :; do x=$x$x; done');
      expect(outcome).toMatchObject({ kind: 'failed', code: 'SANDBOX_LIMIT_MEMORY', retryable: true });
      expect(JSON.stringify(outcome)).toContain('128 MiB');
    });

    test('asks it to end, and it may tidy up', async (tested) => {
      const { report, said } = saying('ready');
      const stop = new AbortController();
      const script = 'trap "echo tidied; exit 0" TERM; echo ready; while :; do sleep 0.05; done';
      // The step ends by itself. The grace period is long enough for a busy machine.
      const patient = { run: aRun([], {}, { stopGraceMs: 60_000 }), signal: stop.signal };
      const ended = perform(tested.engine, { args: [script] }, patient, {}, report);
      await said;
      stop.abort('cancel');
      expect((await ended).outcome).toEqual({ kind: 'stopped', unknown: false });
      expect(report.stdout).toContain('tidied');
    });

    common('makes it end, with all it started, where it does not listen', async (tested) => {
      const { report, said } = saying('ready');
      const stop = new AbortController();
      const script = 'trap "" TERM; (trap "" TERM; while :; do sleep 1; done) & echo ready; while :; do sleep 1; done';
      const ended = perform(tested.engine, { args: [script] }, { signal: stop.signal }, {}, report);
      await said;
      stop.abort('cancel');
      expect((await ended).outcome).toEqual({ kind: 'stopped', unknown: false });
    });

    common('takes the artifacts of what a timeout ends', async (tested) => {
      const { report, said } = saying('ready');
      const stop = new AbortController();
      const artifacts = [{ name: 'trace', path: 'trace', mediaType: null, optional: false }];
      const supplied = { signal: stop.signal };
      const script = 'echo so far > out/trace; echo ready; while :; do sleep 0.05; done';
      const ended = perform(tested.engine, { args: [script] }, supplied, { artifacts }, report);
      await said;
      stop.abort('attempt-timeout');
      expect((await ended).outcome.kind).toBe('stopped');
      const [artifact] = report.of('artifact.captured');
      expect(artifact && (await read(artifact.digest))).toBe('so far\n');
    });

    common('takes its output a piece at a time, as it can be taken, and loses nothing', async (tested) => {
      const report = new Report();
      let bytes = 0;
      let open = 0;
      let most = 0;
      let last = '';
      report.output = async (stream, chunk) => {
        if (stream !== 'stdout') return;
        most = Math.max(most, ++open);
        bytes += chunk.length;
        last = Buffer.from(chunk).toString().slice(-20);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open--;
      };
      const { outcome } = await perform(tested.engine, { args: ['seq 1 700000'] }, {}, {}, report);
      expect(outcome.kind).toBe('succeeded');
      expect([bytes, last.trim().split('\n').at(-1), most]).toEqual([4_788_895, '700000', 1]);
    });

    common('fails when what it prints is refused, and it is gone', async (tested) => {
      const report = new Report();
      report.output = () => Promise.reject(new Error('the log is full'));
      await expect(
        perform(tested.engine, { args: ['while :; do echo x; sleep 0.05; done'] }, {}, {}, report),
      ).rejects.toThrow('the log is full');
    });

    test('refuses an image that is not there', async (tested) => {
      const image = `${images[0]?.name}@sha256:${'0'.repeat(64)}`;
      const { outcome } = await perform(tested.engine, { image, args: ['true'] });
      expect(outcome).toMatchObject({ kind: 'failed', code: 'IMAGE_MISSING' });
    });

    test('does not believe an engine that starts another image', async (tested) => {
      const engine = await tested.lying();
      const { outcome, report } = await perform(engine, { args: ['echo it ran; while :; do sleep 0.1; done'] });
      expect(outcome).toMatchObject({ kind: 'failed', code: 'IMAGE_MISMATCH', retryable: false });
      expect(report.of('tool.resolved')).toMatchObject([{ digest: images[1]?.digest }]);
    });

    test('finds and removes what a life that was cut off has left', async (tested) => {
      const { engine, made } = await tested.dying();
      const abandoned = new AbortController();
      const workspace = await Workspace.create({ root: work, run: 'lost', execution: '1', owner: engine.owner });
      void engine
        .start(
          {
            ...{ tenant, run: 'lost', step: 'a', execution: 1, command: [], args: ['sleep 600'], env: {} },
            image: images[0] as TinyImage,
            workspace: workspace.path,
            limits: {
              ...{ memoryBytes: null, cpuMillicores: null, processes: null, openFiles: null, fileBytes: null },
              ...{ workspaceBytes: null, workspaceFiles: null },
            },
            ...{
              deadlineMs: 600_000,
              stopGraceMs: 0,
              egressSocket: null,
              secretFolder: null,
              hasSecrets: false,
              signal: abandoned.signal,
            },
          },
          { onOutput: () => Promise.resolve(), onImage: () => undefined },
        )
        .catch(() => undefined);
      await made();
      expect(await tested.left()).toHaveLength(1);
      expect(await tested.engine.sweep()).toBe(1);
      expect(await tested.left()).toEqual([]);
      await workspace.remove();
    });

    for (const [title, check] of Object.entries(more))
      test(title, (tested) => check(tested, { perform: (engine, parameters) => perform(engine, parameters) }));
  });
}
