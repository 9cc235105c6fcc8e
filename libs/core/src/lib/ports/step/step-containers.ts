import type { Digest } from '../../foundation/ids';
import type { StepChild, StepLimits, StepOutput, StepOwner } from './step-child';

/** What a step asks for; null: the most that the configuration allows. */
export interface AskedResources {
  readonly memoryBytes: number | null;
  readonly cpuMillicores: number | null;
  readonly processes: number | null;
}

/** What one container may use. */
export type ContainerLimits = AskedResources &
  Pick<StepLimits, 'openFiles' | 'fileBytes' | 'workspaceBytes' | 'workspaceFiles'>;

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

/** Receives what a container writes, and which image it was really started from. */
export interface ContainerOutput extends StepOutput {
  onImage(digest: Digest): void;
}

/** How executors start containers. */
export interface StepContainers {
  /** Whom workspaces must belong to; null: the user of this process. */
  readonly owner: StepOwner | null;
  start(task: ContainerTask, output: ContainerOutput): Promise<StepChild>;
}
