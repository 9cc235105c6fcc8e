import type { Digest, NodeId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import type { Subject } from '../foundation/principal';
import type { ExecutorDescriptor } from './executor-descriptor';

/** Files and folders that a step may make where the profile says nothing. Fixed: profiles of another meaning would have the same digest. */
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
  /** What an execution may keep of its output, in all and a second. Absent from runs that were admitted before it was asked. */
  readonly logBytes?: number;
  readonly logBytesPerSecond?: number;
  /** Files and folders that a step may make. Absent: `DEFAULT_MAX_FILES`, so that environments which say nothing keep their digests. */
  readonly maxFiles?: number;
  /** Absent where the environment gives one attempt, as the language does. */
  readonly retries?: RetryDefaults;
}

/**
 * Attempts that the environment gives to steps whose pack says nothing. The plan holds what the language says then (one attempt),
 * so that its hash is the same everywhere; what this environment makes of it stands here, and is bound with the profile digest.
 */
export interface RetryDefaults {
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** The `run` nodes that they are for, sorted: those that state no retries and whose effects may happen twice. */
  readonly nodes: readonly NodeId[];
}

/** What every approval must meet, whatever the pack says. */
export interface ApprovalFloor {
  readonly minApprovals: number;
  readonly selfApproval: boolean;
  readonly maxExpiresAfterMs: number;
  readonly maxAuthAgeMs: number | null;
  readonly proof: 'service' | 'token' | 'key';
  /** Programs that may act for a person who decides (RFC 8693); absent: none. */
  readonly actors?: readonly Subject[];
}

/** What the operator's configuration and the build decide (docs/glossary.md, environment): a function of those alone. */
export interface Environment {
  readonly schema: 'taskrunner.environment.v1';
  /** Version of the run machine. */
  readonly machine: number;
  readonly mode: 'open' | 'sealed';
  /** Configured sandbox profile; a worker proves it by probe or does not claim. */
  readonly isolation: string;
  readonly limits: { readonly [name: string]: number };
  readonly approvals: { readonly floor: ApprovalFloor };
  readonly packTrust: JsonObject;
  /**
   * Digests of the entries of `sealedMode.allow`, sorted. By digest: the document is in every bundle, and they name inner hosts. Absent: there
   * are none, or the release that admitted the run did not say.
   */
  readonly egress?: readonly Digest[];
  /** Destinations of `builtin:evidence-export` by id, each with the digest of where it leads and for whom. Absent: not asked (offline planning). */
  readonly destinations?: { readonly [id: string]: Digest };
  /** Behaviour versions. */
  readonly engines: { readonly [engine: string]: number };
  readonly executors: { readonly [uses: string]: number };
  /** Descriptors of executors that a platform team adds, by `uses`. A pack is planned again with them alone. */
  readonly extensions: { readonly [uses: string]: ExecutorDescriptor };
}

/** What the environment adds to a plan, bound beside the plan hash. */
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
