import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@taskrunner/core';
import { buildRoot, type BuiltRoot } from './built-root';
import type { Launch } from './launch';
import { OUTPUTS_FILE } from './outputs-file';
import { DEFAULT_LIMITS, prlimitArgs, Sandbox, type SandboxedTask } from './sandbox';
import { refusal } from './sandbox-error';
import { scriptFolder } from './script-folder';
import { resolveTool, type Tool } from './tool';
import { View } from './view';
import type { Owner, Workspace } from './workspace';

/** The user and group that a step sees itself as; and that it is, where this process may choose. */
const NOBODY: Owner = { uid: 65_534, gid: 65_534 };
/** Where a step finds its secrets. */
const SECRETS = '/run/secrets';
type HostTool = 'bwrap' | 'setpriv' | 'prlimit';

/** A path of this machine that a sandbox shows at another. */
interface Bind {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/**
 * Profile `bwrap-open/v1`: user, network, pid, ipc, uts, cgroup and mount namespaces of its own; a root built from nothing; no
 * capabilities, no new privileges, no further user namespaces, no network at all.
 *
 * A worker that is root stages it: an outer bubblewrap, still root, binds what lies under private folders into an otherwise
 * built root; setpriv becomes nobody for good; the inner bubblewrap does the rest as nobody. So the step's user is not the worker's.
 * Any other worker starts the inner one directly, and the step runs as the worker's user, seen as nobody.
 */
export class BwrapSandbox extends Sandbox {
  readonly profile = 'bwrap-open/v1';
  readonly owner: Owner | null;

  private constructor(
    private readonly root: BuiltRoot,
    private readonly tools: Record<HostTool, string | null>,
    private readonly version: string,
    private readonly tmpBytes: number,
  ) {
    super();
    this.owner = process.getuid?.() === 0 ? NOBODY : null;
  }

  /**
   * Looks at this machine. `stubFolder`: where the stub files of `/etc` are kept while this worker lives; `roots`: further exact paths
   * to show, read-only; `tmpBytes`: size of `/tmp`. Throws `SANDBOX_UNAVAILABLE` or `SANDBOX_ROOT_REFUSED`.
   */
  static open(options: {
    readonly stubFolder: string;
    readonly roots?: readonly string[];
    readonly tmpBytes?: number;
  }): BwrapSandbox {
    const tools = { bwrap: find('bwrap'), setpriv: find('setpriv'), prlimit: find('prlimit') };
    if (tools.bwrap === null) throw refusal('SANDBOX_UNAVAILABLE', 'bubblewrap (bwrap) is not installed');
    if (process.getuid?.() === 0 && tools.setpriv === null)
      throw refusal('SANDBOX_UNAVAILABLE', 'setpriv of util-linux is not installed, and this worker is root');
    const version = execFileSync(tools.bwrap, ['--version'], { encoding: 'utf8' }).trim();
    const root = buildRoot({ roots: options.roots ?? [], stubFolder: options.stubFolder });
    return new BwrapSandbox(root, tools, version, options.tmpBytes ?? 256 * 1024 * 1024);
  }

  describe(): JsonObject {
    return {
      profile: this.profile,
      bubblewrap: this.version,
      root: this.root.entries.map((entry) => (entry.kind === 'link' ? `${entry.target} -> ${entry.to}` : entry.target)),
      path: this.root.path,
      tmpBytes: this.tmpBytes,
      ownUser: this.owner !== null,
      prlimit: this.tools.prlimit !== null,
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

  resolveTool(workspace: Workspace, argv0: string): Promise<Tool> {
    return resolveTool(new View(this.root.entries, workspace.path), this.root.path, '/task', argv0);
  }

  launch(task: SandboxedTask): Launch {
    const { workspace, tool, args, stdin, limits = DEFAULT_LIMITS, secretFolder } = task;
    const { path } = workspace;
    const env = secretFolder === undefined ? task.env : { ...task.env, TASKRUNNER_SECRETS: SECRETS };
    const binds: Bind[] = [
      { source: path, target: '/task', writable: true },
      { source: join(path, 'in'), target: '/task/in', writable: false },
      { source: join(path, 'pack'), target: '/task/pack', writable: false },
      ...(secretFolder === undefined ? [] : [{ source: secretFolder, target: SECRETS, writable: false }]),
    ];
    const { prlimit } = this.tools;
    const limited = prlimit === null ? [] : [prlimit, ...prlimitArgs(limits), '--'];
    return this.started(binds, env, [...limited, tool.command, ...args], '/task', stdin);
  }

  inspect(script: 'collector-process' | 'probe-process', workspace: Workspace | null, request: JsonObject): Launch {
    const binds: Bind[] = [{ source: scriptFolder(script), target: '/script', writable: false }];
    if (workspace !== null) binds.push({ source: workspace.path, target: '/task', writable: false });
    let node = process.execPath;
    if (!node.startsWith('/usr/')) {
      binds.push({ source: node, target: '/node', writable: false });
      node = '/node';
    }
    return this.started(binds, {}, [node, '/script/main.js', '/task'], '/', JSON.stringify(request));
  }

  private started(
    binds: readonly Bind[],
    env: { readonly [name: string]: string },
    command: readonly string[],
    cwd: string,
    stdin: Launch['stdin'],
  ): Launch {
    const bwrap = this.tools.bwrap ?? '';
    const shown = this.root.entries.flatMap((entry) => (entry.kind === 'shown' ? [{ ...entry, writable: false }] : []));
    let sources = [...shown, ...binds];
    let outer: string[] = [];
    if (this.owner !== null) {
      // Only what nobody could not reach by itself must be moved; but nobody can tell that from outside, so everything is.
      const staged = sources.map((bind, index) => ({ ...bind, staged: `/stage/${index}` }));
      outer = this.staging(staged, this.owner);
      sources = staged.map(({ staged: source, target, writable }) => ({ source, target, writable }));
    }
    return {
      argv: [...outer, bwrap, '--args', '4', '--json-status-fd', '3', '--', ...command],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      ...(stdin === undefined ? {} : { stdin }),
      handover: { options: this.options(sources, env, cwd) },
    };
  }

  /** The inner bubblewrap: everything that keeps the step apart. */
  private options(sources: readonly Bind[], env: { readonly [name: string]: string }, cwd: string): string[] {
    const links = this.root.entries.flatMap((entry) =>
      entry.kind === 'link' ? ['--symlink', entry.to, entry.target] : [],
    );
    return [
      ...['--unshare-all', '--unshare-user', '--disable-userns', '--hostname', 'task'],
      ...['--uid', String(NOBODY.uid), '--gid', String(NOBODY.gid), '--cap-drop', 'ALL'],
      ...['--new-session', '--die-with-parent'],
      ...['--proc', '/proc', '--dev', '/dev', '--perms', '1777', '--size', String(this.tmpBytes), '--tmpfs', '/tmp'],
      ...links,
      ...sources.flatMap(({ source, target, writable }) => [writable ? '--bind' : '--ro-bind', source, target]),
      ...['--remount-ro', '/', '--chdir', cwd, '--clearenv'],
      ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    ];
  }

  /** The outer bubblewrap and setpriv, for a worker that is root. */
  private staging(staged: readonly (Bind & { readonly staged: string })[], owner: Owner): string[] {
    const entries = this.root.entries.flatMap((entry) => {
      if (entry.kind === 'link') return ['--symlink', entry.to, entry.target];
      return /^\/(usr|bin|sbin|lib\w*)$/.test(entry.target) ? ['--ro-bind', entry.source, entry.target] : [];
    });
    const { bwrap = '', setpriv = '' } = this.tools;
    return [
      ...[
        bwrap ?? '',
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
      ...['--', setpriv ?? '', '--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'],
      ...['--pdeathsig', 'SIGKILL', '--'],
    ];
  }
}

function find(name: HostTool): string | null {
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin', '/usr/local/bin']) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      continue;
    }
  }
  return null;
}
