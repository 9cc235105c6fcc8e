import type { JsonObject } from '@taskrunner/core/foundation';
import type { StepChild, StepContainers, StepOwner, ContainerOutput, ContainerTask } from '@taskrunner/core/ports';

/** Whom a container runs as: seen as nobody, and never root. */
export const NOBODY: StepOwner = { uid: 65_534, gid: 65_534 };

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

/** A way to run containers: without network, as nobody, without capabilities, on a read-only root, from an image proven by its digest. */
export abstract class ContainerEngine implements StepContainers {
  abstract readonly name: 'podman' | 'kubernetes';
  /** Whom workspaces must belong to; null: the user of this process. */
  readonly owner: StepOwner | null = process.getuid?.() === 0 ? NOBODY : null;
  /** What decides how a container is kept apart: for the evidence. */
  abstract describe(): JsonObject;
  abstract start(task: ContainerTask, reader: ContainerOutput): Promise<StepChild>;
  /** Removes what an earlier life of this worker left; says how many containers there were. */
  abstract sweep(): Promise<number>;
  async close(): Promise<void> {}
}
