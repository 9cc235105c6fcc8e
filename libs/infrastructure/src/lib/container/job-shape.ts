import type { StepOwner } from '@taskrunner/core/ports';
import type { ContainerCeiling } from './container-engine';

// This file imports no types of the Kubernetes client. Users of the library would otherwise need its type dependencies.

/** Kubernetes settings from the configuration. */
export interface JobShape {
  readonly namespace: string;
  /** Volume claim of the workspaces. The worker and its Jobs mount it. */
  readonly workClaim: string;
  /** Folder of the claim that the worker mounts as `workDirectory`; empty: its root. */
  readonly workSubPath: string;
  /** Path of that folder in the worker. */
  readonly workDirectory: string;
  readonly serviceAccount: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly runtimeClass: string | null;
  readonly imagePullSecrets: readonly string[];
  readonly pull: 'never' | 'missing';
  readonly ceiling: ContainerCeiling;
  /** User of containers, who owns the workspaces. */
  readonly user: StepOwner;
  /** Time that a Job may wait for its pod to start, in addition to the step's own timeout. Milliseconds. */
  readonly startTimeoutMs: number;
  /** Time after which an ended Job is removed automatically. Milliseconds. */
  readonly ttlMs: number;
  /** The worker's own pod. The Job is deleted with it. */
  readonly ownerPod: { readonly name: string; readonly uid: string } | null;
  /** Identifies this worker. */
  readonly place: string;
}
