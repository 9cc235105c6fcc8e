/** A user and group of this machine. */
export interface StepOwner {
  readonly uid: number;
  readonly gid: number;
}

/** What one step may use: by setrlimit(2) each of its processes, by looking at them all together. Null: as this worker. */
export interface StepLimits {
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

/** One execution of a step of a run. */
export interface StepPlace {
  readonly tenant: string;
  readonly runId: string;
  readonly step: string;
  readonly execution: number;
}

/** Receives what a step writes. The step is held back while a promise is open; then the memory of the chunk is used again. */
export interface StepOutput {
  onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void>;
}

/** A limit that a step went over. */
export interface StepExcess {
  /** `depth`: folders in each other, more than can be counted. */
  readonly limit: 'memory' | 'workspace' | 'files' | 'depth' | 'tmpfs';
  /** What was seen, at least: counting ends where it is too much. */
  readonly used: number;
  readonly allowed: number;
  /** File system in memory that it is about, as the step sees it; none: the workspace, or memory. */
  readonly place?: string;
}

/** How a step's processes ended. */
export interface StepExit {
  /** Null if a signal ended it. Under bubblewrap a signal shows as 128 plus its number. */
  readonly code: number | null;
  readonly signal: string | null;
  /** Who ended it: a `stop`, the deadline of the lease, the closing of what started it, or a limit. Null: it ended by itself. */
  readonly killed: 'stop' | 'deadline' | 'closed' | 'limit' | null;
  /** The limit that it went over, also if that was found only when it had ended. Absent: none. */
  readonly excess?: StepExcess;
}

/** A child process or a container that performs a step. */
export interface StepChild {
  /**
   * Resolves when the child is over, everything it started is proven gone, and all its output has been taken. Rejects with
   * `START_FAILED`, `SUPERVISOR_EXPIRED`, `SUPERVISOR_LOST`, a `ContainerErrorCode`, or what the reader threw (the child is ended first).
   */
  readonly exit: Promise<StepExit>;
  /** SIGTERM, after `graceMs` SIGKILL; resolves like `exit`. */
  stop(graceMs: number): Promise<StepExit>;
}

/** Looks at the workspace of a step whose processes run on another machine. */
export interface WorkspaceWatch {
  /** The limit that it is over now, or null. Often it only asks how full the disk is. */
  look(): Promise<StepExcess | null>;
  /** Counts everything, when the step is over. */
  conclude(): Promise<StepExcess | null>;
}
