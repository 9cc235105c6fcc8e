import type { StepExcess, StepExit } from '@taskrunner/core/ports';

// What worker and supervisor say to each other: one JSON document a line, over the supervisor's stdin and stdout.

/** Milliseconds on the clock that runs alike in all processes of this machine and never jumps (CLOCK_MONOTONIC). */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/**
 * Options for bubblewrap, kept off the command line where other users could read them. It waits at `--block-fd` on descriptor 6 when it has
 * built the sandbox, until its file systems in memory are held: what the step fills at once can still be read when the step is over.
 */
export interface Handover {
  /** Read by the child from descriptor 4, each ended by NUL; it reports `--json-status-fd` on descriptor 3. */
  readonly options: readonly string[];
  /** Base64 of the seccomp filter, which it reads from descriptor 5. */
  readonly seccomp: string;
}

/** What all processes of a child together may use, and where that is looked at. Bytes and counts; null: without a limit. */
export interface Watch {
  /** Folder that it writes to, on this machine. `in` and `pack` in it are not counted: what lies there was laid there. */
  readonly workspace: string;
  readonly workspaceBytes: number | null;
  /** Files and folders; of each file system in memory too. */
  readonly workspaceFiles: number | null;
  readonly memoryBytes: number | null;
  /** File systems in memory that it has, by the path that it sees and the size that they were made with. */
  readonly tmpfs: readonly { readonly path: string; readonly bytes: number }[];
}

export type ToSupervisor =
  | {
      readonly type: 'run';
      readonly id: number;
      readonly argv: readonly string[];
      readonly env: { readonly [name: string]: string };
      readonly cwd: string;
      /** Paths of FIFOs whose other ends the worker holds; a null stdin is /dev/null. */
      readonly stdin: string | null;
      readonly stdout: string;
      readonly stderr: string;
      readonly handover: Handover | null;
      /** First process of a container that this child starts and attaches to. */
      readonly firstProcess?: number | undefined;
      /** None: nothing is watched. */
      readonly watch?: Watch | undefined;
    }
  /** SIGTERM now, SIGKILL after `graceMs`. */
  | { readonly type: 'stop'; readonly id: number; readonly graceMs: number }
  /** All children die at this moment (`monotonicMs`) unless a later one comes first. */
  | { readonly type: 'renew'; readonly until: number };

/** Who ended a child, if not the child itself. `limit`: it was seen to use more than it may. */
export type Killer = NonNullable<StepExit['killed']>;

export type FromSupervisor =
  | { readonly type: 'started'; readonly id: number; readonly pid: number }
  /** The first process of the child's pid namespace, as this machine numbers it. */
  | { readonly type: 'namespace'; readonly id: number; readonly pid: number; readonly birth: string }
  | {
      readonly type: 'refused';
      readonly id: number;
      readonly code: 'START_FAILED' | 'SUPERVISOR_EXPIRED';
      readonly message: string;
    }
  /** Sent when the child is over *and* its group or namespace is proven empty. `ran`: the step itself was started. */
  | {
      readonly type: 'exit';
      readonly id: number;
      readonly code: number | null;
      readonly signal: string | null;
      readonly killed: Killer | null;
      readonly ran: boolean;
      /** What it went over: why it was killed, or what was found when it was over. */
      readonly excess?: StepExcess | undefined;
    }
  /** The deadline passed (`monotonicMs`); everything was killed. */
  | { readonly type: 'expired'; readonly until: number };
