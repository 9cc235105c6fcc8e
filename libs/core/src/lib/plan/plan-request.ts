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

/** What the operator's configuration says to a planner, beyond the environment document. */
export interface PlanConfiguration {
  /** Defaults that the profile resolves. */
  readonly defaults: ProfileDefaults;
  /** Attempts where a pack says nothing, and the most that it may ask for; absent: one, and no limit but the language's. */
  readonly retries?: RetryRule;
  /** Grants that approvals may ask for; `packs.approve` is always known. */
  readonly grants: readonly string[];
  /** Secrets that this pack may have, by name. */
  readonly secrets: Readonly<Record<string, SecretGrant>>;
  /** Names of interpreters that scripts may use. */
  readonly interpreters: readonly string[];
  /** The environment's entries (`sealedMode.allow`): where sealed steps may go; in an open environment, which private places too. */
  readonly egress: readonly EgressRule[];
  /** Whether sensitive inputs can be stored encrypted here. */
  readonly sensitiveInputs: boolean;
  /** Policy engines beside CEL. */
  readonly policyEngines?: PolicyEngines;
}

/** What an environment says of attempts. Milliseconds. */
export interface RetryRule {
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  readonly cap: { readonly maxAttempts: number; readonly maxBackoffMs: number };
}

/** What a plan is made of. */
export interface PlanRequest {
  readonly pack: ReadPack;
  /** Nobody has given inputs yet: what depends on their values is not judged. */
  readonly withoutInputs?: true;
  /** It was planned before: refuse nothing that earlier versions did not refuse of a policy. */
  readonly admitted?: true;
  /** What of the pack could not be read: then nothing is planned, and what rests on none of it is judged. */
  readonly unreadable?: UnreadableRegions;
  readonly files: PackFiles;
  /** Of this pack with these files, where it is known already. */
  readonly contentDigest?: Digest;
  /** As given by the caller; a file is `{digest, size}`. */
  readonly inputs: JsonObject;
  /**
   * Names of sensitive inputs that were given and whose values are not at hand, as in a verifier. Their values are not judged; the plan
   * holds none of them in any case.
   */
  readonly withheldInputs?: readonly string[];
  readonly environment: Environment;
  readonly configuration: PlanConfiguration;
  /** Text of the manifest, if at hand: faults then show their column within a text. */
  readonly source?: string;
}

/** The digest of each component of a plan: explains why two hashes differ. */
export type Receipt = { readonly [component: string]: Digest };

/** A plan, its hash, and what the environment adds. */
export interface Planned {
  readonly kind: 'planned';
  readonly plan: Plan;
  readonly planHash: Digest;
  readonly receipt: Receipt;
  /** RFC 8785 of the plan: what is hashed. */
  readonly text: string;
  readonly profile: Profile;
  readonly profileDigest: Digest;
  readonly index: PlanIndex;
  /** Values of the inputs with those of sensitive ones: what expressions see in a run. Never part of the plan. */
  readonly values: JsonObject;
  /** Names of sensitive inputs that were given. */
  readonly sensitive: readonly string[];
  /** The concurrency group of a run with these inputs; null: the pack names none. */
  readonly concurrency: ConcurrencyClaim | null;
  /** Labels that a worker must have to drive such a run, sorted. */
  readonly workerLabels: readonly string[];
  readonly warnings: readonly Fault[];
}

/** The group of which a run is one, at most one at a time per tenant; what it does if another one is. */
export interface ConcurrencyClaim {
  readonly group: string;
  readonly onConflict: 'queue' | 'refuse';
}

/** A plan, or everything that is wrong, in the order of position. */
export type Planning = Planned | { readonly kind: 'refused'; readonly faults: readonly Fault[] };

/** Most bytes that the inputs may have as RFC 8785 text. */
export const MAX_INPUT_BYTES = 16 * 1024 * 1024;
/** Most levels of steps in each other, and of lists and objects in an input. */
export const MAX_LEVELS = 100;
/** Most items of one map. */
export const MAX_ITEMS = 100_000;
