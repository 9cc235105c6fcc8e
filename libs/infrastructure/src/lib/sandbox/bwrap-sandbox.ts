import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@taskrunner/core/canonical';
import type { JsonObject } from '@taskrunner/core/foundation';
import type { StepOwner, StepTask, StepTool, StepWorkspace } from '@taskrunner/core/ports';
import { buildRoot, type BuiltRoot } from './built-root';
import { forwarding } from './egress-forwarder';
import type { Launch } from './launch/launch';
import { OUTPUTS_FILE } from './workspace/outputs-file';
import { DEFAULT_LIMITS, prlimitArgs, Sandbox, watchOf, type BwrapProfile, type InspectingScript } from './sandbox';
import { refusal } from './launch/sandbox-error';
import { scriptFolder } from './script-folder';
import { seccompFilter } from './seccomp/seccomp-filter';
import { resolveTool } from './tool';
import { View } from './view';

/** User and group of the step as seen in the sandbox. If this process can change users, they are the real ones too. */
const NOBODY: StepOwner = { uid: 65_534, gid: 65_534 };
/** Path of the step's secrets. */
const SECRETS = '/run/secrets';
/** Path of the folder for large files in the collector's sandbox. */
const STAGING = '/staging';
/** Memory of the egress forwarder, which runs among the processes of a step with egress. */
const FORWARDER_BYTES = 64 * 1024 * 1024;
/** Path of the inner bubblewrap in the staging root, independent of its path on this machine. */
const STAGED_BWRAP = '/stage/bwrap';
/** Sizes of a step's in-memory file systems, bytes. */
export interface TmpfsSizes {
  /** Of `/tmp`. */
  readonly tmpBytes: number;
  /** Of `/dev/shm`. */
  readonly shmBytes: number;
}

const TMPFS: TmpfsSizes = { tmpBytes: 256 * 1024 * 1024, shmBytes: 64 * 1024 * 1024 };
type HostTool = 'bwrap' | 'setpriv' | 'prlimit';

/** A path of this machine that a sandbox shows at another path. */
interface Bind {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/** The programs of this machine that the sandbox needs. */
interface Machinery {
  readonly bwrap: string;
  /** Null unless this worker is root. */
  readonly setpriv: string | null;
  readonly prlimit: string;
  /** Text of `bwrap --version`. */
  readonly version: string;
  readonly filter: Buffer;
}

/**
 * Profiles `bwrap-open/v2` and `bwrap-sealed/v1`: separate user, network, pid, ipc, uts, cgroup and mount namespaces; a root that is built
 * from an empty one; no capabilities, no new privileges, no nested user namespaces; a seccomp filter; resource limits and no core dumps.
 * The only network access is the egress socket, if the step has one. The profiles differ in the rules of the proxy behind that socket.
 *
 * A worker that is root uses two stages. An outer bubblewrap, still root, binds paths below private folders into a built root. setpriv then
 * switches to nobody irrevocably, and the inner bubblewrap builds the sandbox. The step's user therefore differs from the worker's. Any
 * other worker starts the inner bubblewrap directly; the step runs as the worker's user, shown as nobody.
 */
export class BwrapSandbox extends Sandbox {
  readonly owner: StepOwner | null;

  private constructor(
    readonly profile: BwrapProfile,
    private readonly root: BuiltRoot,
    private readonly machinery: Machinery,
    private readonly sizes: TmpfsSizes,
  ) {
    super();
    this.owner = process.getuid?.() === 0 ? NOBODY : null;
  }

  /**
   * Inspects this machine. `stubFolder`: folder of the stub files of `/etc` while this worker lives; `roots`: additional exact paths to
   * show, read-only; `bubblewrap`: path of the program, by default searched for in the usual folders. Throws `SANDBOX_UNAVAILABLE` or
   * `SANDBOX_ROOT_REFUSED`.
   */
  static open(
    profile: BwrapProfile,
    options: {
      readonly stubFolder: string;
      readonly roots?: readonly string[];
      readonly bubblewrap?: string | null;
    } & Partial<TmpfsSizes>,
  ): BwrapSandbox {
    const machinery = machineryOf(options.bubblewrap ?? null);
    const root = buildRoot({ roots: options.roots ?? [], stubFolder: options.stubFolder });
    const { tmpBytes = TMPFS.tmpBytes, shmBytes = TMPFS.shmBytes } = options;
    return new BwrapSandbox(profile, root, machinery, { tmpBytes, shmBytes });
  }

  describe(): JsonObject {
    return {
      profile: this.profile,
      bubblewrap: this.machinery.version,
      seccomp: sha256(this.machinery.filter),
      root: this.root.entries.map((entry) => (entry.kind === 'link' ? `${entry.target} -> ${entry.to}` : entry.target)),
      path: this.root.path,
      ...this.sizes,
      ownUser: this.owner !== null,
    };
  }

  environment(): { readonly [name: string]: string } {
    return {
      PATH: this.root.path,
      HOME: '/task/home',
      TMPDIR: '/task/tmp',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      TASKRUNNER_OUTPUTS: `/task/${OUTPUTS_FILE}`,
    };
  }

  resolveTool(workspace: StepWorkspace, argv0: string): Promise<StepTool> {
    return resolveTool(new View(this.root.entries, workspace.path), this.root.path, '/task', argv0);
  }

  launch(task: StepTask): Launch {
    const { workspace, tool, args, stdin, limits = DEFAULT_LIMITS, egressSocket = null, secretFolder, place } = task;
    const { path } = workspace;
    const env = secretFolder === undefined ? task.env : { ...task.env, TASKRUNNER_SECRETS: SECRETS };
    const binds: Bind[] = [
      { source: path, target: '/task', writable: true },
      { source: join(path, 'in'), target: '/task/in', writable: false },
      { source: join(path, 'pack'), target: '/task/pack', writable: false },
      ...(secretFolder === undefined ? [] : [{ source: secretFolder, target: SECRETS, writable: false }]),
    ];
    const step = [this.machinery.prlimit, ...prlimitArgs(limits), '--', tool.command, ...args];
    const node = shownNode();
    const egress = forwarding(egressSocket, node.command, step);
    if (egressSocket !== null) binds.push(...node.binds, ...egress.binds);
    const { tmpBytes, shmBytes } = this.sizes;
    const tmpfs = [
      { path: '/tmp', bytes: tmpBytes },
      { path: '/dev/shm', bytes: shmBytes },
    ];
    const launch = this.started(binds, { ...env, ...egress.env }, egress.command, '/task', stdin);
    const memoryBytes =
      egressSocket === null || limits.memoryBytes === null ? limits.memoryBytes : limits.memoryBytes + FORWARDER_BYTES;
    return { ...launch, place, watch: watchOf(workspace, { ...limits, memoryBytes }, tmpfs) };
  }

  inspect(
    script: InspectingScript,
    workspace: StepWorkspace | null,
    request: JsonObject,
    folder: string | null = null,
  ): Launch {
    const node = shownNode();
    const binds: Bind[] = [{ source: scriptFolder(script), target: '/script', writable: false }, ...node.binds];
    if (workspace !== null) binds.push({ source: workspace.path, target: '/task', writable: false });
    if (folder !== null) binds.push({ source: folder, target: STAGING, writable: true });
    const seen = ['/task', ...(folder === null ? [] : [STAGING])];
    const limited = [this.machinery.prlimit, ...prlimitArgs(DEFAULT_LIMITS), '--'];
    const command = [...limited, node.command, '/script/main.js', ...seen];
    return this.started(binds, {}, command, '/', JSON.stringify(request));
  }

  private started(
    binds: readonly Bind[],
    env: { readonly [name: string]: string },
    command: readonly string[],
    cwd: string,
    stdin: Launch['stdin'],
  ): Launch {
    const { bwrap, filter } = this.machinery;
    const shown = this.root.entries.flatMap((entry) => (entry.kind === 'shown' ? [{ ...entry, writable: false }] : []));
    let sources = [...shown, ...binds];
    let outer: string[] = [];
    if (this.owner !== null) {
      // Only paths that the user nobody cannot reach need staging. This cannot be determined from outside, so all are staged.
      const staged = sources.map((bind, index) => ({ ...bind, staged: `/stage/${index}` }));
      outer = this.staging(staged, this.owner);
      sources = staged.map(({ staged: source, target, writable }) => ({ source, target, writable }));
    }
    return {
      argv: [
        ...outer,
        this.owner === null ? bwrap : STAGED_BWRAP,
        '--args',
        '4',
        '--json-status-fd',
        '3',
        '--block-fd',
        '6',
        '--',
        ...command,
      ],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      ...(stdin === undefined ? {} : { stdin }),
      handover: { options: this.options(sources, env, cwd), seccomp: filter.toString('base64') },
    };
  }

  /** Options of the inner bubblewrap, which isolates the step. */
  private options(sources: readonly Bind[], env: { readonly [name: string]: string }, cwd: string): string[] {
    const links = this.root.entries.flatMap((entry) =>
      entry.kind === 'link' ? ['--symlink', entry.to, entry.target] : [],
    );
    return [
      ...['--unshare-all', '--unshare-user', '--disable-userns', '--hostname', 'task'],
      ...['--uid', String(NOBODY.uid), '--gid', String(NOBODY.gid), '--cap-drop', 'ALL'],
      ...['--new-session', '--die-with-parent', '--seccomp', '5'],
      ...['--proc', '/proc', '--dev', '/dev'],
      ...sizedTmpfs('/tmp', this.sizes.tmpBytes),
      // The file system that bubblewrap mounts at /dev has no size limit, so only the mounts in it are writable.
      ...sizedTmpfs('/dev/shm', this.sizes.shmBytes),
      ...['--remount-ro', '/dev'],
      ...links,
      ...sources.flatMap(({ source, target, writable }) => [writable ? '--bind' : '--ro-bind', source, target]),
      ...['--remount-ro', '/', '--chdir', cwd, '--clearenv'],
      ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    ];
  }

  /** Arguments of the outer bubblewrap and setpriv, for a worker that is root. */
  private staging(staged: readonly (Bind & { readonly staged: string })[], owner: StepOwner): string[] {
    const entries = this.root.entries.flatMap((entry) => {
      if (entry.kind === 'link') return ['--symlink', entry.to, entry.target];
      return /^\/(usr|bin|sbin|lib\w*)$/.test(entry.target) ? ['--ro-bind', entry.source, entry.target] : [];
    });
    const { bwrap, setpriv } = this.machinery;
    return [
      ...[
        bwrap,
        '--die-with-parent',
        ...entries,
        '--dev-bind',
        '/proc',
        '/proc',
        '--dev-bind',
        '/dev',
        '/dev',
        '--dir',
        '/tmp',
        '--dir',
        '/stage',
      ],
      ...staged.flatMap(({ source, staged: target, writable }) => [writable ? '--bind' : '--ro-bind', source, target]),
      ...['--ro-bind', bwrap, STAGED_BWRAP],
      ...['--', setpriv ?? '', '--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'],
      ...['--pdeathsig', 'SIGKILL', '--'],
    ];
  }
}

function sizedTmpfs(path: string, bytes: number): string[] {
  return ['--perms', '1777', '--size', String(bytes), '--tmpfs', path];
}

/** The Node program at its own path, or bound to a separate one. */
function shownNode(): { readonly command: string; readonly binds: readonly Bind[] } {
  const { execPath } = process;
  return execPath.startsWith('/usr/')
    ? { command: execPath, binds: [] }
    : { command: '/node', binds: [{ source: execPath, target: '/node', writable: false }] };
}

function machineryOf(configured: string | null): Machinery {
  const bwrap = configured === null ? find('bwrap') : isProgram(configured) ? configured : null;
  if (bwrap === null) throw refusal('SANDBOX_UNAVAILABLE', `bubblewrap (${configured ?? 'bwrap'}) is not installed`);
  const [setpriv, prlimit] = [find('setpriv'), find('prlimit')];
  if (process.getuid?.() === 0 && setpriv === null)
    throw refusal('SANDBOX_UNAVAILABLE', 'setpriv of util-linux is not installed, and this worker is root');
  if (prlimit === null) throw refusal('SANDBOX_UNAVAILABLE', 'prlimit of util-linux is not installed');
  const filter = seccompFilter(process.arch);
  if (filter === null) throw refusal('SANDBOX_UNAVAILABLE', `there is no seccomp filter for ${process.arch}`);
  let version: string;
  try {
    version = execFileSync(bwrap, ['--version'], { encoding: 'utf8' }).trim();
  } catch (error) {
    throw refusal('SANDBOX_UNAVAILABLE', `${bwrap} does not start`, { cause: error });
  }
  return { bwrap, setpriv, prlimit, version, filter };
}

function find(name: HostTool): string | null {
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin', '/usr/local/bin']) {
    if (isProgram(join(folder, name))) return join(folder, name);
  }
  return null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
