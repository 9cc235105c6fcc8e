import type { Digest, JsonObject } from '@taskrunner/core/foundation';

/** A user and group of this machine. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whom a container runs as: seen as nobody, and never root. */
export const NOBODY: Owner = { uid: 65_534, gid: 65_534 };

/** What one container may use; null: the most that the configuration allows. */
export interface ContainerLimits {
  readonly memoryBytes: number | null;
  readonly cpuMillicores: number | null;
  readonly processes: number | null;
  readonly openFiles: number | null;
  readonly fileBytes: number | null;
  /** Of all that it writes to its workspace. */
  readonly workspaceBytes: number | null;
  /** Files and folders that it makes there. */
  readonly workspaceFiles: number | null;
}

/** The most that a container may use (`container.limits`). */
export interface ContainerCeiling {
  readonly memoryBytes: number;
  readonly cpuMillicores: number;
  readonly processes: number;
  /** Size of its `/tmp`. */
  readonly tmpBytes: number;
  /** Size of its `/dev/shm`. */
  readonly shmBytes: number;
}

/** A container, ready to start. */
export interface ContainerTask {
  readonly tenant: string;
  readonly run: string;
  readonly step: string;
  readonly execution: number;
  readonly image: { readonly name: string; readonly digest: Digest };
  /** Instead of the image's entry point; empty: the image's. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Beside what the image sets. */
  readonly env: { readonly [name: string]: string };
  /** Folder of the execution on this machine: its `/task`. */
  readonly workspace: string;
  readonly limits: ContainerLimits;
  /** It is ended after this time, whatever becomes of this worker. */
  readonly deadlineMs: number;
  /** Longest time that a stop will leave it. */
  readonly stopGraceMs: number;
  /** Unix socket of the egress proxy of this attempt; null: it reaches nothing. */
  readonly egressSocket: string | null;
  /** Folder of its secrets on this machine, for `/run/secrets`; null: none. */
  readonly secretFolder: string | null;
  /** Whether a secret stands among its values or files. */
  readonly hasSecrets: boolean;
  readonly signal: AbortSignal;
}

/** Receives what a container writes, and which image it was really started from. The container is held back while a promise is open. */
export interface ContainerReader {
  onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void>;
  onImage(digest: Digest): void;
}

/** A limit that a container went over. */
export interface ContainerExcess {
  readonly limit: 'memory' | 'workspace' | 'files' | 'depth' | 'tmpfs';
  readonly used: number;
  readonly allowed: number;
  /** File system in memory that it is about; none: the workspace, or memory. */
  readonly place?: string;
}

/** How a container ended. */
export interface ContainerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Who ended it, if not it itself. */
  readonly killed: 'stop' | 'deadline' | 'closed' | 'limit' | null;
  /** The limit that it went over. */
  readonly excess?: ContainerExcess;
}

/** A container that was asked for. */
export interface RunningContainer {
  /** Resolves when it is over and proven gone, and its output has been taken. Rejects with a `ContainerErrorCode`, or what the reader threw. */
  readonly exit: Promise<ContainerExit>;
  /** SIGTERM, after `graceMs` SIGKILL; resolves like `exit`. */
  stop(graceMs: number): Promise<ContainerExit>;
}

/** A way to run containers: without network, as nobody, without capabilities, on a read-only root, from an image proven by its digest. */
export abstract class ContainerEngine {
  abstract readonly name: 'podman' | 'kubernetes';
  /** Whom workspaces must belong to; null: the user of this process. */
  readonly owner: Owner | null = process.getuid?.() === 0 ? NOBODY : null;
  /** What decides how a container is kept apart: for the evidence. */
  abstract describe(): JsonObject;
  abstract start(task: ContainerTask, reader: ContainerReader): Promise<RunningContainer>;
  /** Removes what an earlier life of this worker left; says how many containers there were. */
  abstract sweep(): Promise<number>;
  async close(): Promise<void> {}
}
