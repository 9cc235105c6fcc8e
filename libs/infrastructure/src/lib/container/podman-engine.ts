import { isDigest, type Digest, type JsonObject } from '@taskrunner/core/foundation';
import type {
  StepChild,
  StepExcess,
  StepExit,
  StepOutput,
  ContainerOutput,
  ContainerTask,
} from '@taskrunner/core/ports';
import { ContainerEngine, type ContainerCeiling } from './container-engine';
import { refusal } from './container-error';
import { grantedLimits } from './container-limits';
import { containerName, workerLabels } from './container-identity';
import { createArguments, type PodmanShape } from './podman-arguments';
import { lastLine, PodmanCli, type PodmanProgram } from './podman-cli';
import { PodmanEnvironment } from './podman-environment';

/** What the engine needs of the worker's supervisor: it starts the client, and kills client and container when the lease ends. */
interface ContainerSupervisor {
  run(
    launch: {
      readonly argv: readonly string[];
      readonly env: { readonly [name: string]: string };
      readonly cwd: string;
      readonly firstProcess: number;
      readonly watch: {
        readonly workspace: string;
        readonly workspaceBytes: number | null;
        readonly workspaceFiles: number | null;
        readonly memoryBytes: number | null;
        readonly tmpfs: readonly { readonly path: string; readonly bytes: number }[];
      };
    },
    output: StepOutput,
  ): Promise<StepChild>;
}

export interface PodmanOptions extends PodmanProgram {
  readonly supervisor: ContainerSupervisor;
  /** Folder of the workspaces; names this worker on this machine. */
  readonly place: string;
  readonly cgroups: boolean;
  readonly openFiles: number;
  readonly pull: 'never' | 'missing';
  readonly ceiling: ContainerCeiling;
}

const STOPPED: StepExit = { code: null, signal: null, killed: 'stop' };
const ENDED_BEFORE_START: StepChild = { exit: Promise.resolve(STOPPED), stop: () => Promise.resolve(STOPPED) };

/**
 * podman on this machine, without a daemon. A container is made and held before its first instruction, its image is compared, its
 * first process is told to the supervisor; only then it starts. So nothing of a step runs that the end of this worker would not end.
 */
export class PodmanEngine extends ContainerEngine {
  readonly name = 'podman';
  private readonly cli: PodmanCli;
  private readonly shape: PodmanShape;

  private constructor(
    private readonly options: PodmanOptions,
    private readonly version: string,
  ) {
    super();
    this.cli = new PodmanCli(options);
    const { cgroups, openFiles, ceiling, place } = options;
    this.shape = { cgroups, openFiles, ceiling, place, owner: this.owner };
  }

  /** Asks podman whether it is there. Throws `ENGINE_UNAVAILABLE`. */
  static async open(options: PodmanOptions): Promise<PodmanEngine> {
    const { code, stdout, stderr } = await new PodmanCli(options).call([
      'info',
      '--format',
      '{{.Version.Version}} {{.Host.OCIRuntime.Name}}',
    ]);
    if (code !== 0) throw refusal('ENGINE_UNAVAILABLE', `podman info: ${lastLine(stderr)}`);
    return new PodmanEngine(options, stdout.trim());
  }

  describe(): JsonObject {
    const { cgroups, openFiles, pull, ceiling } = this.options;
    return {
      engine: this.name,
      version: this.version,
      cgroups,
      openFiles,
      pull,
      ceiling: { ...ceiling },
      ownUser: this.owner !== null,
    };
  }

  async start(task: ContainerTask, reader: ContainerOutput): Promise<StepChild> {
    const name = containerName(task);
    const environment = await PodmanEnvironment.write(this.cli, name, task.env);
    try {
      if (!(await this.create(task, environment))) return ENDED_BEFORE_START;
      await this.cli.ask(['init', name]);
      const { pid, image } = await this.look(name);
      reader.onImage(image);
      if (image !== task.image.digest)
        throw refusal('IMAGE_MISMATCH', `the container uses the image ${image}, not ${task.image.digest}`);
      const launch = {
        argv: this.cli.argv(['start', '--attach', '--sig-proxy=false', name]),
        env: this.cli.environment,
        cwd: '/',
        firstProcess: pid,
        place: { tenant: task.tenant, runId: task.run, step: task.step, execution: task.execution },
        watch: this.watchOf(task),
      };
      const child = await this.options.supervisor.run(launch, { onOutput: (...output) => reader.onOutput(...output) });
      return this.attended(name, child, grantedLimits(task, this.options.ceiling).memoryBytes);
    } catch (error) {
      await this.remove(name);
      throw error;
    } finally {
      await environment.remove();
    }
  }

  async sweep(): Promise<number> {
    const [[label, value] = ['', '']] = Object.entries(workerLabels(this.options.place));
    const listed = await this.cli.ask(['ps', '--all', '--filter', `label=${label}=${value}`, '--format', '{{.Names}}']);
    const names = listed.split('\n').filter((name) => name !== '');
    for (const name of names) await this.remove(name);
    return names.length;
  }

  /**
   * Makes the container; false if it was told to stop while its image was pulled. Each call of podman is a process, and mostly the image is there:
   * it is looked for only if nothing could be made of it.
   */
  private async create(task: ContainerTask, environment: PodmanEnvironment): Promise<boolean> {
    const [verb = '', ...rest] = createArguments(task, this.shape, environment.file);
    const words = [verb, ...environment.arguments, ...rest];
    const { code, stderr } = await this.cli.call(words);
    if (code === 0) return true;
    const reference = `${task.image.name}@${task.image.digest}`;
    const found = await this.cli.call(['image', 'exists', reference]);
    if (found.code === 0) throw refusal('START_FAILED', `podman create: ${lastLine(stderr)}`);
    if (!(await this.pull(reference, task.signal))) return false;
    await this.cli.ask(words);
    return true;
  }

  /** Brings an image, under the digest that the plan pins; false if it was told to stop meanwhile. */
  private async pull(reference: string, signal: AbortSignal): Promise<boolean> {
    if (this.options.pull === 'never') throw refusal('IMAGE_MISSING', `the image ${reference} is not on this machine`);
    const pulled = await this.cli.call(['pull', '--quiet', reference], { signal, timeoutMs: null });
    if (pulled.code !== 0 && signal.aborted) return false;
    if (pulled.code !== 0) throw refusal('IMAGE_MISSING', `${reference}: ${lastLine(pulled.stderr)}`);
    return true;
  }

  private async look(name: string): Promise<{ readonly pid: number; readonly image: Digest }> {
    const format = '{{.State.Pid}} {{.ImageDigest}}';
    const [pid = '', image] = (await this.cli.ask(['container', 'inspect', '--format', format, name])).split(' ');
    if (!/^[1-9][0-9]*$/.test(pid) || !isDigest(image))
      throw refusal('START_FAILED', 'podman does not report the process and the image of the container');
    return { pid: Number(pid), image };
  }

  /** The container of a child: its end is looked up and it is removed before the end is told. */
  private attended(name: string, child: StepChild, memoryBytes: number): StepChild {
    const exit = child.exit.then(
      async (end): Promise<StepExit> => {
        try {
          if (end.killed !== null) return end;
          const code = await this.exitCode(name);
          const excess = end.excess ?? (code === 0 ? null : await this.overrun(name, memoryBytes));
          return { code, signal: null, killed: null, ...(excess && { excess }) };
        } finally {
          await this.remove(name);
        }
      },
      async (error: unknown) => {
        await this.remove(name);
        throw error;
      },
    );
    exit.catch(() => undefined);
    return {
      exit,
      stop: async (graceMs) => {
        await child.stop(graceMs).catch(() => undefined);
        return exit;
      },
    };
  }

  /** The client's own code may be podman's; the container's state is not. */
  private async exitCode(name: string): Promise<number> {
    // Its process is gone; podman may hear of that a little later than its client.
    const { code, stdout, stderr } = await this.cli.call(['wait', name]);
    if (code !== 0 || !/^[0-9]+$/.test(stdout.trim()))
      throw refusal('ENGINE_LOST', `podman does not report how ${name} ended: ${lastLine(stderr)}`);
    return Number(stdout);
  }

  /** What the supervisor looks at. Where podman cannot hold the memory, that too. */
  private watchOf(task: ContainerTask) {
    const { cgroups, ceiling } = this.options;
    const { memoryBytes, workspaceBytes, workspaceFiles } = grantedLimits(task, ceiling);
    // Podman gives a container with a read-only root a /dev/shm that cannot be written.
    const tmpfs = [{ path: '/tmp', bytes: ceiling.tmpBytes }];
    const limits = { workspaceBytes, workspaceFiles, memoryBytes: cgroups ? null : memoryBytes };
    return { workspace: task.workspace, ...limits, tmpfs };
  }

  /** Whether the kernel killed a process of the container for its memory. */
  private async overrun(name: string, allowed: number): Promise<StepExcess | null> {
    if (!this.options.cgroups) return null;
    const killed = await this.cli.ask(['container', 'inspect', '--format', '{{.State.OOMKilled}}', name]);
    return killed.trim() === 'true' ? { limit: 'memory', used: allowed, allowed } : null;
  }

  /** Gone, or `ENGINE_LOST`: then nobody can say that it is. */
  private async remove(name: string): Promise<void> {
    const { code, stderr } = await this.cli.call(['rm', '--force', '--time', '0', '--volumes', '--ignore', name]);
    if (code !== 0) throw refusal('ENGINE_LOST', `podman rm: ${lastLine(stderr)}`);
  }
}
