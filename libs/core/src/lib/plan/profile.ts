import type { Digest, NodeId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import type { Subject } from '../foundation/principal';
import type { ExecutorDescriptor } from './executor-descriptor';

/**
 * Default limit of files and folders that a step may create. It must not change: otherwise profiles of a different meaning would have the
 * same digest.
 */
export const DEFAULT_MAX_FILES = 250_000;

/** Defaults and limits that the environment gives to a plan (docs/glossary.md, profile). Milliseconds and counts. */
export interface ProfileDefaults {
  readonly maxParallel: number;
  readonly expiresAfterMs: number;
  readonly executeWithinMs: number;
  readonly runTimeoutMs: number;
  readonly cleanupTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly stopGraceMs: number;
  readonly workspaceMiB: number;
  readonly memoryMiB: number;
  readonly maxProcesses: number;
  /** Limits for the output of an execution, in total and per second. Absent from runs that were admitted before limits existed. */
  readonly logBytes?: number;
  readonly logBytesPerSecond?: number;
  /**
   * Files and folders that a step may create. Absent: `DEFAULT_MAX_FILES`, so that environments without this setting keep their digests.
   */
  readonly maxFiles?: number;
  /**
   * Length of the run's message in characters (UTF-16 code units); a longer one is cut. Absent: the run evaluates no message, because its
   * pack has none, or because it was admitted by a release that did not evaluate it.
   */
  readonly messageCharacters?: number;
  /** Absent if the environment's default is one attempt, as in the language. */
  readonly retries?: RetryDefaults;
}

/**
 * The environment's default for attempts of steps whose pack states nothing. The plan contains the language's default (one attempt), so
 * that its hash is the same everywhere. The environment's value is here and is bound by the profile digest.
 */
export interface RetryDefaults {
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** The `run` nodes to which they apply, sorted: those that state no retries and whose effects may be repeated. */
  readonly nodes: readonly NodeId[];
}

/** Minimum requirements of every approval, regardless of the pack. */
export interface ApprovalFloor {
  readonly minApprovals: number;
  readonly selfApproval: boolean;
  readonly maxExpiresAfterMs: number;
  readonly maxAuthAgeMs: number | null;
  readonly proof: 'service' | 'token' | 'key';
  /** Programs that may act for a person who decides (RFC 8693); absent: none. */
  readonly actors?: readonly Subject[];
}

/** Values that the operator's configuration and the build determine (docs/glossary.md, environment), and nothing else does. */
export interface Environment {
  readonly schema: 'taskrunner.environment.v1';
  /** Version of the run machine. */
  readonly machine: number;
  readonly mode: 'open' | 'sealed';
  /** Configured sandbox profile. A worker proves it by a probe, or does not claim. */
  readonly isolation: string;
  readonly limits: { readonly [name: string]: number };
  readonly approvals: { readonly floor: ApprovalFloor };
  readonly packTrust: JsonObject;
  /**
   * Digests of the entries of `sealedMode.allow`, sorted. They are digests because the document is in every bundle and the entries name
   * internal hosts. Absent: there are none, or the release that admitted the run did not record them.
   */
  readonly egress?: readonly Digest[];
  /**
   * Destinations of `builtin:evidence-export` by id, each with the digest of its location and tenants. Absent: not checked (offline
   * planning).
   */
  readonly destinations?: { readonly [id: string]: Digest };
  /** Behaviour versions. */
  readonly engines: { readonly [engine: string]: number };
  readonly executors: { readonly [uses: string]: number };
  /** Descriptors of executors that a platform team adds, by `uses`. They suffice to plan a pack again. */
  readonly extensions: { readonly [uses: string]: ExecutorDescriptor };
}

/** What the environment adds to a plan. It is bound together with the plan hash. */
export interface Profile {
  readonly schema: 'taskrunner.profile.v1';
  /** Digest of the environment document. */
  readonly environment: Digest;
  readonly defaults: ProfileDefaults;
  readonly egress: readonly {
    readonly scheme: string;
    readonly host: string;
    readonly port: number | '*';
    readonly cidr: string | null;
  }[];
  readonly secrets: readonly { readonly name: string; readonly provider: string }[];
  readonly images: { readonly [ref: string]: Digest };
}
