import type { Digest, StepId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { RunNode } from '../../plan/plan';
import type { Fact } from '../../run/run-event';
import type { Redactor } from '../../secret/redactor';
import type { ClaimedRun } from '../runs/claims';

export interface ExecutionRequest {
  readonly run: ClaimedRun;
  readonly step: StepId;
  readonly attempt: number;
  readonly execution: number;
  /** The same for every execution of an attempt. */
  readonly key: string;
  readonly node: RunNode;
  /** Bound: without templates. */
  readonly with: JsonObject;
  readonly env: { readonly [name: string]: string };
  /** Path under `in/` → content. */
  readonly files: { readonly [path: string]: MountedFile | readonly MountedFile[] };
  /**
   * Values of the step's secrets by name, as read for this attempt; `node.secrets` says how the step receives them. They are never put on
   * the command line.
   */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Redacts this run's secrets from what an executor stores itself. The driver redacts log, outcome and facts. */
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  readonly storage: StepStorage;
}

/** How one execution waits for the object store, because an outage is not a failure of the step. */
export interface StepStorage {
  /**
   * Opens an object, and resumes reading after an outage. Waits as long as the store is unavailable, until the execution is told to stop.
   * For what a step needs before it acts.
   */
  read(open: () => Promise<AsyncIterable<Uint8Array>>): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Repeats the work until the object store accepts it, or the execution no longer counts because its lease is lost or its run has ended. A
   * stop does not end it. For results of a step, which must still exist at each try.
   */
  keep<Result>(work: () => Promise<Result>): Promise<Result>;
}

export type MountedFile =
  | { readonly kind: 'object'; readonly digest: Digest; readonly size: number; readonly name: string }
  | { readonly kind: 'pack'; readonly path: string }
  /** `secret`: it holds a secret, so its digest is not disclosed. */
  | { readonly kind: 'content'; readonly content: Json; readonly secret?: boolean };

/** What an execution reports while it runs. */
export interface ExecutionReport {
  /** A log line without its line end. Resolves when there is room for more. */
  line(level: 'trace' | 'debug' | 'info' | 'warn' | 'error', text: string): Promise<void>;
  /** Raw output of a child process. The receiver splits it into lines. */
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void>;
  fact(fact: Fact): void;
}

export type Outcome =
  | { readonly kind: 'succeeded'; readonly outputs: Json }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
      readonly exitCode: number | null;
      /** The reason, for the worker's log only. It never enters the journal. */
      readonly cause?: unknown;
    }
  /** It was told to stop and has provably ended. */
  | { readonly kind: 'stopped'; readonly unknown: boolean }
  /**
   * It was killed with its worker's lease, or its supervisor died: there is no outcome. The run is handed over, and the next owner decides
   * by the effect class.
   */
  | { readonly kind: 'lost'; readonly reason: string; readonly cause?: unknown }
  /** It only waits: milliseconds from now. */
  | { readonly kind: 'deferred'; readonly forMs: number };

/** Executes one kind of step, which its `ExecutorDescriptor` describes. */
export abstract class Executor {
  abstract execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome>;
}
