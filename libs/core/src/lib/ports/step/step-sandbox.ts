import type { Fault } from '../../foundation/fault';
import type { Digest } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { StagedFile } from '../objects/object-store';
import type { StepChild, StepLimits, StepOutput, StepOwner, StepPlace } from './step-child';

/** A file to be laid down. */
export interface StepFile {
  /** Relative to its folder, `in` or `pack`. */
  readonly path: string;
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly executable?: boolean;
}

/** The folder of one execution. */
export interface StepWorkspace {
  /** Where it lies on this machine. */
  readonly path: string;
  /** Lays files down, before the step starts. */
  writeFiles(folder: 'in' | 'pack', files: AsyncIterable<StepFile>): Promise<void>;
  /** Only after the step is proven over. */
  remove(): Promise<void>;
}

/** A file that is executed, for the evidence. */
export interface StepToolFile {
  /** As the step sees it, all links followed. */
  readonly path: string;
  readonly digest: Digest;
}

/** What argv[0] leads to. */
export interface StepTool extends StepToolFile {
  /** What is executed: an absolute path, as found before links were followed (some tools look at the name they were called by). */
  readonly command: string;
  /** Of its `#!` line: the interpreter, and for `/usr/bin/env NAME` also what that finds. Empty for other files. */
  readonly interpreters: readonly StepToolFile[];
}

/** A step, ready to start. */
export interface StepTask {
  readonly workspace: StepWorkspace;
  readonly tool: StepTool;
  /** Without argv[0]: that is the tool. */
  readonly args: readonly string[];
  /** The whole environment; begin with `environment(workspace)`. */
  readonly env: { readonly [name: string]: string };
  /** Written to its standard input, which is then closed; none is /dev/null. */
  readonly stdin?: StepFile['content'];
  readonly limits?: StepLimits;
  /** A folder of secrets in memory, which the step sees as `/run/secrets`, or where `TASKRUNNER_SECRETS` says. */
  readonly secretFolder?: string | undefined;
  /**
   * Unix socket of this attempt, at which its egress proxy answers; the sandbox's `owner` must be able to connect to it. Without one the
   * step has no network (under `none/v1`: the worker's, as always there).
   */
  readonly egressSocket?: string | null;
  /** Which step it is, for the log of this worker. */
  readonly place?: StepPlace | undefined;
}

/** An artifact as a step declares it (`run.artifacts[]`). */
export interface DeclaredArtifact {
  readonly name: string;
  /** A file; a folder if it ends in `/`; a pattern if it has a `*`. Relative to the workspace, then to its `out`. */
  readonly path: string;
  readonly mediaType?: string;
  readonly optional?: boolean;
}

/** One file, or a folder as a deterministic tar, on its way out of the workspace. */
export interface CollectedArtifact {
  readonly name: string;
  /** Where it was found, relative to the workspace; of a folder with a slash at the end. */
  readonly path: string;
  readonly mediaType: string;
  /** Bytes; null for a tar, which is made while it is read. */
  readonly size: number | null;
  /** Place in the list that a pattern gives; null for what is not a list. */
  readonly index: number | null;
  readonly content: AsyncIterable<Uint8Array>;
}

/** One file of a workspace, copied into the folder of a stage. */
export interface StagedArtifact extends Pick<CollectedArtifact, 'name' | 'path' | 'mediaType' | 'index'> {
  readonly file: StagedFile;
}

/** Where large files go, past this process. */
export interface ArtifactStage {
  /** Absolute, empty, and the `owner`'s of the sandbox. */
  readonly folder: string;
  /** Larger ones go to the sink. */
  readonly maxBytes: number;
  /** Gets each as it comes. */
  take(artifact: StagedArtifact): Promise<void>;
}

/** How far artifacts are looked for. */
export interface CollectLimits {
  /** Files and folders looked at, over all artifacts. */
  readonly maxEntries: number;
  /** Folders in each other, from the workspace. */
  readonly maxDepth: number;
  /** Over all artifacts. */
  readonly maxBytes: number;
}

/** What is to be taken out of a workspace. */
export interface Collection {
  readonly workspace: StepWorkspace;
  readonly artifacts: readonly DeclaredArtifact[];
  readonly limits?: CollectLimits;
  readonly stage?: ArtifactStage;
}

/** A file of a tar; its content must be taken before the next one is asked for, or is passed over. */
export interface TarEntry {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

/** How executors start steps under one isolation profile. */
export interface StepSandbox {
  /** Whom workspaces must belong to; null: the user of this process. */
  readonly owner: StepOwner | null;
  createWorkspace(options: {
    readonly root: string;
    readonly run: string;
    readonly execution: string;
    readonly owner: StepOwner | null;
  }): Promise<StepWorkspace>;
  /** `PATH`, `HOME`, `TMPDIR`, `LANG`, `TZ`, `TASKRUNNER_OUTPUTS`. */
  environment(workspace: StepWorkspace): { readonly [name: string]: string };
  /** Finds and hashes argv[0] as the step will find it. Throws `TOOL_NOT_FOUND` or `TOOL_REFUSED`. */
  resolveTool(workspace: StepWorkspace, argv0: string): Promise<StepTool>;
  start(task: StepTask, output: StepOutput): Promise<StepChild>;
  /** What the step wrote to `TASKRUNNER_OUTPUTS`; `{}` if nothing. Throws `OUTPUTS_REFUSED`, `OUTPUTS_INVALID`. */
  readOutputs(workspace: StepWorkspace): Promise<JsonObject>;
  /** Takes artifacts out of a workspace whose step is over; a fault for each that cannot be taken. */
  collect(request: Collection, sink: (artifact: CollectedArtifact) => Promise<void>): Promise<readonly Fault[]>;
  /** The files of a tar from anybody, one after the other; refuses with `ARCHIVE_…` what may not be unpacked. */
  entriesOfTar(
    source: AsyncIterable<Uint8Array>,
    limits: { readonly maxBytes: number; readonly maxFiles: number; readonly maxFileBytes: number },
  ): AsyncIterable<TarEntry>;
}
