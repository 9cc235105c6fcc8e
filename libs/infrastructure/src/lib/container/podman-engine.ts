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

/** The required part of the worker's supervisor. It starts the client, and kills client and container when the lease ends. */
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
  /** Folder of the workspaces. It identifies this worker on this machine. */
  readonly place: string;
  readonly cgroups: boolean;
  readonly openFiles: number;
  readonly pull: 'never' | 'missing';
  readonly ceiling: ContainerCeiling;
}

const STOPPED: StepExit = { code: null, signal: null, killed: 'stop' };
const ENDED_BEFORE_START: StepChild = { exit: Promise.resolve(STOPPED), stop: () => Promise.resolve(STOPPED) };

/**
 * Podman on this machine, without a daemon. A container is created but not started, its image is verified, and its first process is
 * registered with the supervisor. Only then is it started. No process of a step can therefore outlive this worker.
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

  /** Checks that podman works. Throws `ENGINE_UNAVAILABLE`. */
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
   * Creates the container. Returns false if it was stopped while its image was pulled. Every podman call costs a process and the image is
   * usually present, so it is pulled only if the creation fails.
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

  /** Pulls an image by the digest in the plan. Returns false if it was stopped in the meantime. */
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

  /** Wraps a child so that its container's result is read and the container is removed before the exit is reported. */
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

  /** The exit code of the client may be podman's own. The state of the container is reliable. */
  private async exitCode(name: string): Promise<number> {
    // The process is gone, but podman may register this slightly later than its client.
    const { code, stdout, stderr } = await this.cli.repeat(['wait', name]);
    if (code !== 0 || !/^[0-9]+$/.test(stdout.trim()))
      throw refusal('ENGINE_LOST', `podman does not report how ${name} ended: ${lastLine(`${stdout}\n${stderr}`)}`);
    return Number(stdout);
  }

  /** The limits that the supervisor watches. They include memory if podman cannot limit it. */
  private watchOf(task: ContainerTask) {
    const { cgroups, ceiling } = this.options;
    const { memoryBytes, workspaceBytes, workspaceFiles } = grantedLimits(task, ceiling);
    // With a read-only root, podman makes /dev/shm read-only too.
    const tmpfs = [{ path: '/tmp', bytes: ceiling.tmpBytes }];
    const limits = { workspaceBytes, workspaceFiles, memoryBytes: cgroups ? null : memoryBytes };
    return { workspace: task.workspace, ...limits, tmpfs };
  }

  /** The memory excess if the kernel killed a process of the container for its memory use. */
  private async overrun(name: string, allowed: number): Promise<StepExcess | null> {
    if (!this.options.cgroups) return null;
    const killed = await this.cli.ask(['container', 'inspect', '--format', '{{.State.OOMKilled}}', name]);
    return killed.trim() === 'true' ? { limit: 'memory', used: allowed, allowed } : null;
  }

  /** Removes the container. Throws `ENGINE_LOST` if the removal cannot be confirmed. */
  private async remove(name: string): Promise<void> {
    const { code, stderr } = await this.cli.repeat(['rm', '--force', '--time', '0', '--volumes', '--ignore', name]);
    if (code !== 0) throw refusal('ENGINE_LOST', `podman rm: ${lastLine(stderr)}`);
  }
}
