import type { StepExcess, StepExit } from '@taskrunner/core/ports';

// Messages between worker and supervisor: one JSON document per line, over the supervisor's stdin and stdout.

/** Milliseconds on CLOCK_MONOTONIC, which never jumps and is the same in all processes of this machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/**
 * Options of bubblewrap. They are not on the command line, where other users could read them. When the sandbox is built, bubblewrap waits
 * at `--block-fd` on descriptor 6 until its in-memory file systems are held open. A file system that the step fills at once can then still
 * be measured after its end.
 */
export interface Handover {
  /** Read from descriptor 4, each terminated by NUL. The child reports to `--json-status-fd` on descriptor 3. */
  readonly options: readonly string[];
  /** Base64 of the seccomp filter, read from descriptor 5. */
  readonly seccomp: string;
}

/** Limits on all processes of a child together, and the paths to measure. Bytes and counts; null: no limit. */
export interface Watch {
  /** Writable folder of the child, on this machine. Its `in` and `pack` do not count, because the worker wrote them. */
  readonly workspace: string;
  readonly workspaceBytes: number | null;
  /** Maximum number of files and folders, also of each in-memory file system. */
  readonly workspaceFiles: number | null;
  readonly memoryBytes: number | null;
  /** In-memory file systems of the child, by their path in the sandbox and their configured size. */
  readonly tmpfs: readonly { readonly path: string; readonly bytes: number }[];
}

export type ToSupervisor =
  | {
      readonly type: 'run';
      readonly id: number;
      readonly argv: readonly string[];
      readonly env: { readonly [name: string]: string };
      readonly cwd: string;
      /** Paths of FIFOs whose other ends the worker holds. A null stdin is /dev/null. */
      readonly stdin: string | null;
      readonly stdout: string;
      readonly stderr: string;
      readonly handover: Handover | null;
      /** First process of a container that this child starts and attaches to. */
      readonly firstProcess?: number | undefined;
      /** Not set: nothing is watched. */
      readonly watch?: Watch | undefined;
    }
  /** SIGTERM now, SIGKILL after `graceMs`. */
  | { readonly type: 'stop'; readonly id: number; readonly graceMs: number }
  /** All children are killed at this time (`monotonicMs`) unless a later renewal arrives first. */
  | { readonly type: 'renew'; readonly until: number };

/** The cause of a child's end, unless it ended by itself. `limit`: a check found it over a limit. */
export type Killer = NonNullable<StepExit['killed']>;

export type FromSupervisor =
  | { readonly type: 'started'; readonly id: number; readonly pid: number }
  /** The first process of the child's pid namespace, with its process id on this machine. */
  | { readonly type: 'namespace'; readonly id: number; readonly pid: number; readonly birth: string }
  | {
      readonly type: 'refused';
      readonly id: number;
      readonly code: 'START_FAILED' | 'SUPERVISOR_EXPIRED';
      readonly message: string;
    }
  /** Sent when the child has ended *and* its group or namespace is empty. `ran`: the step itself was started. */
  | {
      readonly type: 'exit';
      readonly id: number;
      readonly code: number | null;
      readonly signal: string | null;
      readonly killed: Killer | null;
      readonly ran: boolean;
      /** The exceeded limit, found while it ran or after its end. */
      readonly excess?: StepExcess | undefined;
    }
  /** The deadline passed (`monotonicMs`), and all children were killed. */
  | { readonly type: 'expired'; readonly until: number };
