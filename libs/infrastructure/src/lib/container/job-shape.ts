import type { StepOwner } from '@taskrunner/core/ports';
import type { ContainerCeiling } from './container-engine';

// In a file without types of the Kubernetes client: they are not for those who use the library, and ask for more than it brings along.

/** What of Kubernetes is configured. */
export interface JobShape {
  readonly namespace: string;
  /** Volume claim in which the workspaces lie; worker and Jobs mount it. */
  readonly workClaim: string;
  /** Folder of that claim that the worker sees as `workDirectory`; empty: its root. */
  readonly workSubPath: string;
  /** Where the worker sees that folder. */
  readonly workDirectory: string;
  readonly serviceAccount: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly runtimeClass: string | null;
  readonly imagePullSecrets: readonly string[];
  readonly pull: 'never' | 'missing';
  readonly ceiling: ContainerCeiling;
  /** Whom the container runs as: the user that workspaces belong to. */
  readonly user: StepOwner;
  /** Time that a Job may wait for its pod to start, beside the step's own. Milliseconds. */
  readonly startTimeoutMs: number;
  /** How long an ended Job is kept if nobody removes it. Milliseconds. */
  readonly ttlMs: number;
  /** The worker's own pod: the Job goes with it. */
  readonly ownerPod: { readonly name: string; readonly uid: string } | null;
  /** Names this worker. */
  readonly place: string;
}
