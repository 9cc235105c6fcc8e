import type { Digest, Fault, JsonObject } from '@taskrunner/core/foundation';
import type { StagedFile } from '@taskrunner/core/ports';

// What executors need of a sandbox. Adapters do not import each other: the worker's module connects this with the sandbox, whose classes
// have these shapes. All members are methods, so that a class with stricter parameter types is still assignable.

/** A file to write, relative to its folder. */
export interface StepFile {
  readonly path: string;
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly executable?: boolean;
}

/** Owner of a step's files. */
export interface StepOwner {
  readonly uid: number;
  readonly gid: number;
}

/** The folder of one execution. */
export interface StepWorkspace {
  /** Its path on this machine. */
  readonly path: string;
  writeFiles(folder: 'in' | 'pack', files: AsyncIterable<StepFile>): Promise<void>;
  remove(): Promise<void>;
}

/** The program to which argv[0] resolves. */
export interface StepTool {
  readonly command: string;
  readonly path: string;
  readonly digest: Digest;
  readonly interpreters: readonly { readonly path: string; readonly digest: Digest }[];
}

/** Resource limits of a step; null: no limit. */
export interface StepLimits {
  readonly openFiles: number | null;
  readonly processes: number | null;
  readonly fileBytes: number | null;
  readonly memoryBytes: number | null;
  readonly cpuSeconds: number | null;
  /** Bytes of everything that it writes to its workspace. */
  readonly workspaceBytes: number | null;
  /** Files and folders that it creates there and in each file system in memory. */
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
  /** Folder on this machine that is mounted as `/run/secrets`. */
  readonly secretFolder?: string | undefined;
  /** Unix socket of this attempt's egress proxy; absent: no network. */
  readonly egressSocket?: string | null;
  /** Identity of the step, for this worker's log. */
  readonly place?: StepPlace | undefined;
}

/** A limit that a step exceeded. */
export interface StepExcess {
  readonly limit: 'memory' | 'workspace' | 'files' | 'depth' | 'tmpfs';
  readonly used: number;
  readonly allowed: number;
  /** The file system in memory concerned; absent: the workspace, or memory. */
  readonly place?: string;
}

/** How it ended. */
export interface StepExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly killed: 'stop' | 'deadline' | 'closed' | 'limit' | null;
  readonly excess?: StepExcess;
}

/** A started step. `exit` means that it and everything that it started has ended. */
export interface StepChild {
  readonly exit: Promise<StepExit>;
  stop(graceMs: number): Promise<StepExit>;
}

export interface StepOutput {
  onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void>;
}

/** A declared artifact. */
interface WantedArtifact {
  readonly name: string;
  readonly path: string;
  readonly mediaType?: string;
  readonly optional?: boolean;
}

/** An artifact with its content. */
export interface TakenArtifact {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** An artifact that was written as a file into a folder of the store. */
export interface CollectedArtifact {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly file: StagedFile;
}

/** A file of a tar. Its content must be read before the next file is requested. */
interface TarContent {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface SandboxDependencies {
  readonly sandbox: {
    /** Owner of workspaces; null: the user of this process. */
    readonly owner: StepOwner | null;
    environment(workspace: StepWorkspace): { readonly [name: string]: string };
    resolveTool(workspace: StepWorkspace, argv0: string): Promise<StepTool>;
    /** Command line for the supervisor. */
    launch(task: StepTask): object;
  };
  readonly supervisor: { run(launch: object, output: StepOutput): Promise<StepChild> };
  createWorkspace(options: {
    readonly root: string;
    readonly run: string;
    readonly execution: string;
    readonly owner: StepOwner | null;
  }): Promise<StepWorkspace>;
  /** What the step wrote to `TASKRUNNER_OUTPUTS`; `{}` if nothing. Throws `OUTPUTS_REFUSED`, `OUTPUTS_INVALID`. */
  readOutputs(workspace: StepWorkspace): Promise<JsonObject>;
  /** The files of an untrusted tar, one after the other. Refuses with `ARCHIVE_…` what may not be unpacked. */
  entriesOfTar(
    source: AsyncIterable<Uint8Array>,
    limits: { readonly maxBytes: number; readonly maxFiles: number; readonly maxFileBytes: number },
  ): AsyncIterable<TarContent>;
  /** Reads artifacts from a workspace whose step has ended. Returns a fault for each that cannot be read. */
  collect(
    request: {
      readonly supervisor: SandboxDependencies['supervisor'];
      readonly sandbox: SandboxDependencies['sandbox'];
      readonly workspace: StepWorkspace;
      readonly artifacts: readonly WantedArtifact[];
      readonly limits?: { readonly maxEntries: number; readonly maxDepth: number; readonly maxBytes: number };
      /** Files up to `maxBytes` may be written into this folder, which belongs to `owner`, instead of being passed to the sink. */
      readonly stage?: {
        readonly folder: string;
        readonly maxBytes: number;
        take(artifact: CollectedArtifact): Promise<void>;
      };
    },
    sink: (artifact: TakenArtifact) => Promise<void>,
  ): Promise<readonly Fault[]>;
}
