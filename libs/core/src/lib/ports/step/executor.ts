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
  /** Equal for every execution of one attempt. */
  readonly key: string;
  readonly node: RunNode;
  /** Bound: no templates left. */
  readonly with: JsonObject;
  readonly env: { readonly [name: string]: string };
  /** Path under `in/` → what stands there. */
  readonly files: { readonly [path: string]: MountedFile | readonly MountedFile[] };
  /** Values of the secrets that the step may have, by name, as read for this attempt; `node.secrets` says how they are handed over. Never on argv. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Keeps this run's secrets out of what an executor stores itself. The driver sees to log, outcome and facts. */
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  readonly storage: StepStorage;
}

/** How one execution waits for the object store: an outage of it is no failure of a step. */
export interface StepStorage {
  /**
   * Opens an object, and goes on reading where an outage has cut the reading off. Waits as long as the store is away, until the execution is
   * told to stop. For what a step needs before it acts.
   */
  read(open: () => Promise<AsyncIterable<Uint8Array>>): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Does the work again and again until the object store lets it, or nothing of this execution counts any more: its lease is lost, its run
   * is over. A stop does not end it. For what a step has left: it must still be at hand at each try.
   */
  keep<Result>(work: () => Promise<Result>): Promise<Result>;
}

export type MountedFile =
  | { readonly kind: 'object'; readonly digest: Digest; readonly size: number; readonly name: string }
  | { readonly kind: 'pack'; readonly path: string }
  /** `secret`: it holds a secret, so its digest is told to nobody. */
  | { readonly kind: 'content'; readonly content: Json; readonly secret?: boolean };

/** What an execution reports while it runs. */
export interface ExecutionReport {
  /** A log line, without its line end; resolves when there is room for more. */
  line(level: 'trace' | 'debug' | 'info' | 'warn' | 'error', text: string): Promise<void>;
  /** Raw output of a child; split into lines by the receiver. */
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
      /** Why, for the log of the worker alone: nothing of it comes into the journal. */
      readonly cause?: unknown;
    }
  /** It was told to stop and is proven over. */
  | { readonly kind: 'stopped'; readonly unknown: boolean }
  /** It was killed with its worker's lease, or its supervisor died: no outcome. The run is handed over; a takeover decides by the effect class. */
  | { readonly kind: 'lost'; readonly reason: string; readonly cause?: unknown }
  /** It asks only for time: so many milliseconds from now. */
  | { readonly kind: 'deferred'; readonly forMs: number };

/** Performs one kind of step. Its `ExecutorDescriptor` says which. */
export abstract class Executor {
  abstract execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome>;
}
