import type { ContainerExcess } from './container-engine';

/** Looks at what a step writes to its workspace: this machine mounts it too. */
export interface WorkspaceWatch {
  look(): Promise<ContainerExcess | null>;
  conclude(): Promise<ContainerExcess | null>;
}
