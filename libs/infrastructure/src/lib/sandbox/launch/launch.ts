import type { Excess, Handover, Watch } from '../supervisor-process/protocol';

/** The step that a child performs. */
export interface StepPlace {
  readonly tenant: string;
  readonly runId: string;
  readonly step: string;
  readonly execution: number;
}

/** What the supervisor is to start. `Sandbox` makes these. */
export interface Launch {
  /** A path, then its arguments. */
  readonly argv: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  /** Written to its standard input, which is then closed; none is /dev/null. */
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** For a child under bubblewrap: its options, and that its pid namespace must be seen empty at the end. */
  readonly handover?: Handover;
  /**
   * For a child that attaches to a container that was made and not yet started: the container's first process. Signals go to it, it is
   * killed with the child, and the end is when it is gone too.
   */
  readonly firstProcess?: number;
  /** Whose child it is, for the log; none: of no step. */
  readonly place?: StepPlace | undefined;
  /** What it may use beside the limits of its single processes, and where that is looked at; none: nothing is. */
  readonly watch?: Watch;
}

/** Receives what a child writes. The child blocks while a promise is open; then the memory of the chunk is used again. */
export interface OutputReader {
  onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void>;
}

/** How a child ended. */
export interface ChildExit {
  /** Null if a signal ended it. Under bubblewrap a signal shows as 128 plus its number. */
  readonly code: number | null;
  readonly signal: string | null;
  /** Who killed it: a `stop`, the deadline of the lease, the closing of the supervisor, or a limit. Null: nobody, it ended by itself. */
  readonly killed: 'stop' | 'deadline' | 'closed' | 'limit' | null;
  /** The limit that it went over, also if that was found only when it had ended. Absent: none. */
  readonly excess?: Excess;
}

/** A child that was started. */
export interface RunningChild {
  /**
   * Resolves when the child is over, everything it started is proven gone, and all its output has been taken. Rejects with
   * `START_FAILED`, `SUPERVISOR_EXPIRED`, `SUPERVISOR_LOST`, or what the reader threw (the child is killed first).
   */
  readonly exit: Promise<ChildExit>;
  /** SIGTERM, after `graceMs` SIGKILL; resolves like `exit`. */
  stop(graceMs: number): Promise<ChildExit>;
}
