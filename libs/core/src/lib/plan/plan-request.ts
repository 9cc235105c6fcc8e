import type { EgressRule } from '../egress/egress-rule';
import type { Fault } from '../foundation/fault';
import type { Digest } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import type { PackFiles } from '../pack/pack-files';
import type { UnreadableRegions } from '../pack/unreadable-regions';
import type { ReadPack } from '../pack/read-pack';
import type { SecretGrant } from '../secret/secret-binding';
import type { PolicyEngines } from '../policy/policy';
import type { Plan } from './plan';
import type { PlanIndex } from './plan-index';
import type { Environment, Profile, ProfileDefaults } from './profile';

/** The operator's configuration for a planner, beyond the environment document. */
export interface PlanConfiguration {
  /** Defaults for the profile. */
  readonly defaults: ProfileDefaults;
  /** Default number of attempts and the maximum that a pack may state; absent: one, and only the language's limit. */
  readonly retries?: RetryRule;
  /** Grants that approvals may require; `packs.approve` is always allowed. */
  readonly grants: readonly string[];
  /** Secrets that this pack may use, by name. */
  readonly secrets: Readonly<Record<string, SecretGrant>>;
  /** Names of interpreters that scripts may use. */
  readonly interpreters: readonly string[];
  /** The environment's entries (`sealedMode.allow`): destinations of sealed steps; in an open environment, the private destinations. */
  readonly egress: readonly EgressRule[];
  /** Whether sensitive inputs can be stored encrypted here. */
  readonly sensitiveInputs: boolean;
  /** Policy engines besides CEL. */
  readonly policyEngines?: PolicyEngines;
}

/** The environment's settings for attempts, milliseconds. */
export interface RetryRule {
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  readonly cap: { readonly maxAttempts: number; readonly maxBackoffMs: number };
}

/** Inputs of planning. */
export interface PlanRequest {
  readonly pack: ReadPack;
  /** True if no inputs were given yet. What depends on their values is not checked. */
  readonly withoutInputs?: true;
  /** True if it was planned before: policies are not refused for reasons that earlier versions did not check. */
  readonly admitted?: true;
  /** The unreadable regions of the pack. Nothing is planned then, and only what does not depend on them is checked. */
  readonly unreadable?: UnreadableRegions;
  readonly files: PackFiles;
  /** Content digest of this pack with these files, if it is already known. */
  readonly contentDigest?: Digest;
  /** As given by the caller; a file is `{digest, size}`. */
  readonly inputs: JsonObject;
  /**
   * Names of given sensitive inputs whose values are missing, as in a verifier. Their values are not checked. A plan never contains them.
   */
  readonly withheldInputs?: readonly string[];
  readonly environment: Environment;
  readonly configuration: PlanConfiguration;
  /** Text of the manifest, if available: positions of faults inside texts are then exact. */
  readonly source?: string;
}

/** The digest of each component of a plan. It explains why two hashes differ. */
export type Receipt = { readonly [component: string]: Digest };

/** A plan, its hash, and its profile. */
export interface Planned {
  readonly kind: 'planned';
  readonly plan: Plan;
  readonly planHash: Digest;
  readonly receipt: Receipt;
  /** RFC 8785 text of the plan, which is hashed. */
  readonly text: string;
  readonly profile: Profile;
  readonly profileDigest: Digest;
  readonly index: PlanIndex;
  /** Values of the inputs including sensitive ones, as expressions see them in a run. Never part of the plan. */
  readonly values: JsonObject;
  /** Names of sensitive inputs that were given. */
  readonly sensitive: readonly string[];
  /** The concurrency group of a run with these inputs; null: the pack names none. */
  readonly concurrency: ConcurrencyClaim | null;
  /** Labels that a worker must have to drive such a run, sorted. */
  readonly workerLabels: readonly string[];
  readonly warnings: readonly Fault[];
}

/** The concurrency group of a run, of which at most one runs at a time per tenant, and what a run does if another one is active. */
export interface ConcurrencyClaim {
  readonly group: string;
  readonly onConflict: 'queue' | 'refuse';
}

/** A plan, or all faults ordered by position. */
export type Planning =
  | Planned
  | {
      readonly kind: 'refused';
      readonly faults: readonly Fault[];
      /** Of what could be read. */
      readonly warnings: readonly Fault[];
    };

/** Maximum bytes of the inputs as RFC 8785 text. */
export const MAX_INPUT_BYTES = 16 * 1024 * 1024;
/** Maximum nesting of steps, and of lists and objects in an input. */
export const MAX_LEVELS = 100;
/** Maximum number of items of one map. */
export const MAX_ITEMS = 100_000;
