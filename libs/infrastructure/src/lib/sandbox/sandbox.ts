import type { JsonObject } from '@taskrunner/core/foundation';
import type { StepLimits, StepOwner, StepTask, StepTool, StepWorkspace } from '@taskrunner/core/ports';
import type { Launch } from './launch/launch';
import type { Watch } from './supervisor-process/protocol';

/** The isolation of a step, as part of the profile and the evidence. The meaning of a name never changes. */
export type IsolationProfile =
  | BwrapProfile
  /** A supervised child without further isolation. A daemonized child may escape, and the step sees everything that the worker sees. */
  | 'none/v1';

/** bubblewrap with a built root, namespaces and a seccomp filter. The only network access is the egress proxy of open or sealed runs. */
export type BwrapProfile = 'bwrap-open/v2' | 'bwrap-sealed/v1';

/** Internal scripts that inspect a workspace or probe the sandbox. */
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

/** A method of isolation. It describes the process to start; the supervisor starts it. */
export abstract class Sandbox {
  abstract readonly profile: IsolationProfile;
  /** Owner of workspaces; null: the user of this process. */
  abstract readonly owner: StepOwner | null;
  /** The settings of this machine that determine the isolation. Their digest is part of the evidence. */
  abstract describe(): JsonObject;
  /** `PATH`, `HOME`, `TMPDIR`, `LANG`, `TZ`, `TASKRUNNER_OUTPUTS`. */
  abstract environment(workspace: StepWorkspace): { readonly [name: string]: string };
  /** Finds and hashes argv[0] as the step would find it. Throws `TOOL_NOT_FOUND` or `TOOL_REFUSED`. */
  abstract resolveTool(workspace: StepWorkspace, argv0: string): Promise<StepTool>;
  abstract launch(task: StepTask): Launch;
  /**
   * Runs an internal script in a fresh sandbox that sees at most this workspace, read-only, and a folder for its results. Both are passed
   * as arguments, with their paths in the sandbox. The folder must belong to `owner`.
   */
  abstract inspect(
    script: InspectingScript,
    workspace: StepWorkspace | null,
    request: JsonObject,
    folder?: string | null,
  ): Launch;
}

/** The limits that the supervisor watches while a step runs. `tmpfs`: in-memory file systems that only this step has. */
export function watchOf(workspace: StepWorkspace, limits: StepLimits, tmpfs: Watch['tmpfs']): Watch {
  const { workspaceBytes, workspaceFiles, memoryBytes } = limits;
  return { workspace: workspace.path, workspaceBytes, workspaceFiles, memoryBytes, tmpfs };
}

/** Arguments of prlimit(1), with equal soft and hard limits. Core dumps are disabled because they could contain secrets. */
export function prlimitArgs(limits: StepLimits): string[] {
  const options = {
    nofile: limits.openFiles,
    nproc: limits.processes,
    fsize: limits.fileBytes,
    // Limits the data segment rather than the address space, because Node reserves far more address space than it uses.
    data: limits.memoryBytes,
    cpu: limits.cpuSeconds,
  };
  const args = ['--core=0:0'];
  for (const [name, value] of Object.entries(options)) if (value !== null) args.push(`--${name}=${value}:${value}`);
  return args;
}
