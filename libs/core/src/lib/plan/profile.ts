import type { Digest } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';

/** Defaults and limits that the environment gives to a plan (documents.md, Profile). Milliseconds and counts. */
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
}

/** What every approval must meet, whatever the pack says. */
export interface ApprovalFloor {
  readonly minApprovals: number;
  readonly selfApproval: boolean;
  readonly maxExpiresAfterMs: number;
  readonly maxAuthAgeMs: number | null;
  readonly proof: 'service' | 'token' | 'key';
}

/** What the operator's configuration and the build decide (language.md §7): a function of those alone. */
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
  /** Behaviour versions. */
  readonly engines: { readonly [engine: string]: number };
  readonly executors: { readonly [uses: string]: number };
  readonly extensions: { readonly [name: string]: string };
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
