import type { Digest } from '@taskrunner/core/foundation';
import type { StepChild, StepLimits, StepOutput } from './sandbox-dependencies';

// What the container executor needs of an engine. The worker's module connects them, as for the sandbox.

/** Requested limits of a step; null: the defaults of the engine's configuration. */
export interface AskedResources {
  readonly memoryBytes: number | null;
  readonly cpuMillicores: number | null;
  readonly processes: number | null;
}

/** A container, ready to start. */
export interface StepContainer {
  readonly tenant: string;
  readonly run: string;
  readonly step: string;
  readonly execution: number;
  readonly image: { readonly name: string; readonly digest: Digest };
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly workspace: string;
  readonly limits: AskedResources & Pick<StepLimits, 'openFiles' | 'fileBytes' | 'workspaceBytes' | 'workspaceFiles'>;
  readonly deadlineMs: number;
  readonly stopGraceMs: number;
  readonly egressSocket: string | null;
  /** Folder of its secrets in memory, for `/run/secrets`. */
  readonly secretFolder: string | null;
  /** True if its values or files contain a secret. */
  readonly hasSecrets: boolean;
  readonly signal: AbortSignal;
}

export interface ContainerDependencies {
  /** Owner of workspaces; null: the user of this process. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  start(
    container: StepContainer,
    reader: StepOutput & {
      /** The image from which it was actually started. */
      onImage(digest: Digest): void;
    },
  ): Promise<StepChild>;
}
