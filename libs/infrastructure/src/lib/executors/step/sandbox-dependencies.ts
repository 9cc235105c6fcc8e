import type { Digest, Fault, JsonObject } from '@taskrunner/core/foundation';
import type { StagedFile } from '@taskrunner/core/ports';

// What executors need of a sandbox. Adapters do not meet: the worker's module joins this with the sandbox, whose classes have these
// shapes. Members are methods throughout, so that a class that asks for more of a workspace or a launch still fits.

/** A file to be laid down, relative to its folder. */
export interface StepFile {
  readonly path: string;
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly executable?: boolean;
}

/** Whom files of a step must belong to. */
export interface StepOwner {
  readonly uid: number;
  readonly gid: number;
}

/** The folder of one execution. */
export interface StepWorkspace {
  /** Where it lies on this machine. */
  readonly path: string;
  writeFiles(folder: 'in' | 'pack', files: AsyncIterable<StepFile>): Promise<void>;
  remove(): Promise<void>;
}

/** What argv[0] leads to. */
export interface StepTool {
  readonly command: string;
  readonly path: string;
  readonly digest: Digest;
  readonly interpreters: readonly { readonly path: string; readonly digest: Digest }[];
}

/** What a step may use; null: no limit of ours. */
export interface StepLimits {
  readonly openFiles: number | null;
  readonly processes: number | null;
  readonly fileBytes: number | null;
  readonly memoryBytes: number | null;
  readonly cpuSeconds: number | null;
  /** Of all that it writes to its workspace. */
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

/** A step, ready to start. */
interface StepTask {
  readonly workspace: StepWorkspace;
  readonly tool: StepTool;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly stdin?: StepFile['content'] | undefined;
  readonly limits?: StepLimits;
  /** Folder of this machine that the step sees as `/run/secrets`. */
  readonly secretFolder?: string | undefined;
  /** Unix socket of this attempt's egress proxy; none: no network. */
  readonly egressSocket?: string | null;
  /** Which step it is, for the log of this worker. */
  readonly place?: StepPlace | undefined;
}

/** A limit that a step went over. */
export interface StepExcess {
  readonly limit: 'memory' | 'workspace' | 'files' | 'depth' | 'tmpfs';
  readonly used: number;
  readonly allowed: number;
  /** File system in memory that it is about; none: the workspace, or memory. */
  readonly place?: string;
}

/** How it ended. */
export interface StepExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly killed: 'stop' | 'deadline' | 'closed' | 'limit' | null;
  readonly excess?: StepExcess;
}

/** A step that was started; `exit` means that it and all it started is gone. */
export interface StepChild {
  readonly exit: Promise<StepExit>;
  stop(graceMs: number): Promise<StepExit>;
}

export interface StepOutput {
  onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void>;
}

/** An artifact as it is asked for. */
interface WantedArtifact {
  readonly name: string;
  readonly path: string;
  readonly mediaType?: string;
  readonly optional?: boolean;
}

/** An artifact on its way out. */
export interface TakenArtifact {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** An artifact that now lies as a file in a folder of the store. */
export interface CollectedArtifact {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly file: StagedFile;
}

/** A file of a tar; its content must be taken before the next one is asked for. */
interface TarContent {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface SandboxDependencies {
  readonly sandbox: {
    /** Whom workspaces must belong to; null: the user of this process. */
    readonly owner: StepOwner | null;
    environment(workspace: StepWorkspace): { readonly [name: string]: string };
    resolveTool(workspace: StepWorkspace, argv0: string): Promise<StepTool>;
    /** What the supervisor starts. */
    launch(task: StepTask): object;
  };
  readonly supervisor: { run(launch: object, output: StepOutput): Promise<StepChild> };
  createWorkspace(options: {
    readonly root: string;
    readonly run: string;
    readonly execution: string;
    readonly owner: StepOwner | null;
  }): Promise<StepWorkspace>;
  /** What the step wrote to `TASKRUNNER_OUTPUTS`; `{}` if nothing. Refuses with `OUTPUTS_REFUSED`, `OUTPUTS_INVALID`. */
  readOutputs(workspace: StepWorkspace): Promise<JsonObject>;
  /** The files of a tar from anybody, one after the other; refuses with `ARCHIVE_…` what may not be unpacked. */
  entriesOfTar(
    source: AsyncIterable<Uint8Array>,
    limits: { readonly maxBytes: number; readonly maxFiles: number; readonly maxFileBytes: number },
  ): AsyncIterable<TarContent>;
  /** Takes artifacts out of a workspace whose step is over; a fault for each that cannot be taken. */
  collect(
    request: {
      readonly supervisor: SandboxDependencies['supervisor'];
      readonly sandbox: SandboxDependencies['sandbox'];
      readonly workspace: StepWorkspace;
      readonly artifacts: readonly WantedArtifact[];
      readonly limits?: { readonly maxEntries: number; readonly maxDepth: number; readonly maxBytes: number };
      /** Files up to `maxBytes` may be laid into this folder, which is the `owner`'s, instead of going through the sink. */
      readonly stage?: {
        readonly folder: string;
        readonly maxBytes: number;
        take(artifact: CollectedArtifact): Promise<void>;
      };
    },
    sink: (artifact: TakenArtifact) => Promise<void>,
  ): Promise<readonly Fault[]>;
}
