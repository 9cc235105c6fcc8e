import type { JsonObject } from '@taskrunner/core/foundation';
import type { Launch, StepPlace } from './launch/launch';
import type { Watch } from './supervisor-process/protocol';
import type { Tool } from './tool';
import type { Owner, Workspace } from './workspace/workspace';

/** How a step is kept apart: part of the profile and of the evidence. Names never change their meaning. */
export type IsolationProfile =
  | BwrapProfile
  /** A supervised child of this worker and nothing more: a daemonised child may escape, and it sees what the worker sees. */
  | 'none/v1';

/** Under bubblewrap: built root, namespaces, seccomp filter, no network but the egress proxy of an open or of a sealed run. */
export type BwrapProfile = 'bwrap-open/v2' | 'bwrap-sealed/v1';

/** Our own scripts that look at a workspace, or try the sandbox itself. */
export type InspectingScript = 'collector-process' | 'probe-process';

/** What one step may use: by setrlimit(2) each of its processes, by looking at them all together. Null: as this worker. */
export interface SandboxLimits {
  readonly openFiles: number | null;
  readonly processes: number | null;
  readonly fileBytes: number | null;
  /** Of each process its data; of all processes together also what they share. */
  readonly memoryBytes: number | null;
  readonly cpuSeconds: number | null;
  /** What the step writes to its workspace, in all. */
  readonly workspaceBytes: number | null;
  /** Files and folders that it makes there; and in each file system in memory. */
  readonly workspaceFiles: number | null;
}

export const DEFAULT_LIMITS: SandboxLimits = {
  openFiles: 4_096,
  processes: 4_096,
  fileBytes: null,
  memoryBytes: null,
  cpuSeconds: null,
  workspaceBytes: null,
  workspaceFiles: null,
};

/** A step, ready to start. */
export interface SandboxedTask {
  readonly workspace: Workspace;
  readonly tool: Tool;
  /** Without argv[0]: that is the tool. */
  readonly args: readonly string[];
  /** The whole environment; begin with `environment(workspace)`. */
  readonly env: { readonly [name: string]: string };
  readonly stdin?: Launch['stdin'];
  readonly limits?: SandboxLimits;
  /** A folder of secrets in memory, which the step sees as `/run/secrets`, or where `TASKRUNNER_SECRETS` says. */
  readonly secretFolder?: string | undefined;
  /**
   * Unix socket of this attempt, at which its egress proxy answers; the sandbox's `owner` must be able to connect to it. Without one the
   * step has no network (under `none/v1`: the worker's, as always there).
   */
  readonly egressSocket?: string | null;
  /** Which step it is, for the log of this worker. */
  readonly place?: StepPlace | undefined;
}

/** A way to keep steps apart. It only says what to start; the supervisor starts it. */
export abstract class Sandbox {
  abstract readonly profile: IsolationProfile;
  /** Whom workspaces must belong to; null: this process's user. */
  abstract readonly owner: Owner | null;
  /** What decides how a step is kept apart, on this machine: for the digest in the evidence. */
  abstract describe(): JsonObject;
  /** `PATH`, `HOME`, `TMPDIR`, `LANG`, `TZ`, `TASKRUNNER_OUTPUTS`. */
  abstract environment(workspace: Workspace): { readonly [name: string]: string };
  /** Finds and hashes argv[0] as the step will find it. Throws `TOOL_NOT_FOUND` or `TOOL_REFUSED`. */
  abstract resolveTool(workspace: Workspace, argv0: string): Promise<Tool>;
  abstract launch(task: SandboxedTask): Launch;
  /**
   * Runs one of our own scripts in a fresh sandbox that sees, of all this, at most that workspace, read-only, and a folder for what it makes.
   * Its arguments are the two as it sees them. The folder must belong to `owner`.
   */
  abstract inspect(
    script: InspectingScript,
    workspace: Workspace | null,
    request: JsonObject,
    folder?: string | null,
  ): Launch;
}

/** What the supervisor looks at while a step runs. `tmpfs`: file systems in memory that only this step has. */
export function watchOf(workspace: Workspace, limits: SandboxLimits, tmpfs: Watch['tmpfs']): Watch {
  const { workspaceBytes, workspaceFiles, memoryBytes } = limits;
  return { workspace: workspace.path, workspaceBytes, workspaceFiles, memoryBytes, tmpfs };
}

/** Arguments of prlimit(1), soft and hard alike. No core dumps: they would hold secrets. */
export function prlimitArgs(limits: SandboxLimits): string[] {
  const options = {
    nofile: limits.openFiles,
    nproc: limits.processes,
    fsize: limits.fileBytes,
    // The data segment, not the address space: Node reserves far more than it uses.
    data: limits.memoryBytes,
    cpu: limits.cpuSeconds,
  };
  const args = ['--core=0:0'];
  for (const [name, value] of Object.entries(options)) if (value !== null) args.push(`--${name}=${value}:${value}`);
  return args;
}
