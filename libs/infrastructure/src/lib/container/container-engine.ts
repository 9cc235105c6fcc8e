import type { JsonObject } from '@taskrunner/core/foundation';
import type { StepChild, StepContainers, StepOwner, ContainerOutput, ContainerTask } from '@taskrunner/core/ports';

/** User and group of containers. A container never runs as root. */
export const NOBODY: StepOwner = { uid: 65_534, gid: 65_534 };

/** Maximum resources of a container (`container.limits`). */
export interface ContainerCeiling {
  readonly memoryBytes: number;
  readonly cpuMillicores: number;
  readonly processes: number;
  /** Size of its `/tmp`. */
  readonly tmpBytes: number;
  /** Size of its `/dev/shm`. */
  readonly shmBytes: number;
}

/**
 * A container engine. Containers have no network, run as nobody without capabilities on a read-only root, and use an image that was
 * verified by its digest.
 */
export abstract class ContainerEngine implements StepContainers {
  abstract readonly name: 'podman' | 'kubernetes';
  /** Owner of workspaces; null: the user of this process. */
  readonly owner: StepOwner | null = process.getuid?.() === 0 ? NOBODY : null;
  /** The settings that determine the isolation of containers, for the evidence. */
  abstract describe(): JsonObject;
  abstract start(task: ContainerTask, reader: ContainerOutput): Promise<StepChild>;
  /** Removes the containers of an earlier process of this worker. Returns their number. */
  abstract sweep(): Promise<number>;
  async close(): Promise<void> {}
}
