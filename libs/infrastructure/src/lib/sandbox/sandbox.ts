import type { JsonObject } from '@taskrunner/core/foundation';
import type { StepLimits, StepOwner, StepTask, StepTool, StepWorkspace } from '@taskrunner/core/ports';
import type { Launch } from './launch/launch';
import type { Watch } from './supervisor-process/protocol';

/** How a step is kept apart: part of the profile and of the evidence. Names never change their meaning. */
export type IsolationProfile =
  | BwrapProfile
  /** A supervised child of this worker and nothing more: a daemonised child may escape, and it sees what the worker sees. */
  | 'none/v1';

/** Under bubblewrap: built root, namespaces, seccomp filter, no network but the egress proxy of an open or of a sealed run. */
export type BwrapProfile = 'bwrap-open/v2' | 'bwrap-sealed/v1';

/** Our own scripts that look at a workspace, or try the sandbox itself. */
export type InspectingScript = 'collector-process' | 'probe-process';

export const DEFAULT_LIMITS: StepLimits = {
  openFiles: 4_096,
  processes: 4_096,
  fileBytes: null,
  memoryBytes: null,
  cpuSeconds: null,
  workspaceBytes: null,
  workspaceFiles: null,
};

/** A way to keep steps apart. It only says what to start; the supervisor starts it. */
export abstract class Sandbox {
  abstract readonly profile: IsolationProfile;
  /** Whom workspaces must belong to; null: this process's user. */
  abstract readonly owner: StepOwner | null;
  /** What decides how a step is kept apart, on this machine: for the digest in the evidence. */
  abstract describe(): JsonObject;
  /** `PATH`, `HOME`, `TMPDIR`, `LANG`, `TZ`, `TASKRUNNER_OUTPUTS`. */
  abstract environment(workspace: StepWorkspace): { readonly [name: string]: string };
  /** Finds and hashes argv[0] as the step will find it. Throws `TOOL_NOT_FOUND` or `TOOL_REFUSED`. */
  abstract resolveTool(workspace: StepWorkspace, argv0: string): Promise<StepTool>;
  abstract launch(task: StepTask): Launch;
  /**
   * Runs one of our own scripts in a fresh sandbox that sees, of all this, at most that workspace, read-only, and a folder for what it makes.
   * Its arguments are the two as it sees them. The folder must belong to `owner`.
   */
  abstract inspect(
    script: InspectingScript,
    workspace: StepWorkspace | null,
    request: JsonObject,
    folder?: string | null,
  ): Launch;
}

/** What the supervisor looks at while a step runs. `tmpfs`: file systems in memory that only this step has. */
export function watchOf(workspace: StepWorkspace, limits: StepLimits, tmpfs: Watch['tmpfs']): Watch {
  const { workspaceBytes, workspaceFiles, memoryBytes } = limits;
  return { workspace: workspace.path, workspaceBytes, workspaceFiles, memoryBytes, tmpfs };
}

/** Arguments of prlimit(1), soft and hard alike. No core dumps: they would hold secrets. */
export function prlimitArgs(limits: StepLimits): string[] {
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
