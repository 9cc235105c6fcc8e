import type { Digest } from '../foundation/ids';
import type { Json, JsonObject } from '../foundation/json';

// The hashed document (docs/guides/writing-packs.md, What changes the plan hash). It is JSON with explicit needs, canonical expressions and milliseconds, without derived values and
// without values that the environment decides. Every member is on the plan-hash list. Environment defaults are absent here (null) and are
// resolved in the profile.

/** A string that may hold `{{ expressions }}`, in canonical spelling. */
export type Template = string;
/** One expression without its braces, in canonical spelling. */
type ExpressionText = string;
export type Effects = 'pure' | 'idempotent' | 'once';
type RunOn = 'success' | 'failure' | 'always';

export interface Plan {
  readonly schema: 'taskrunner.plan.v1';
  readonly pack: { readonly name: string; readonly version: string; readonly contentDigest: Digest };
  /** By value; a `file` as `{digest, size}`; a sensitive one as `{sensitive: true}`. */
  readonly inputs: JsonObject;
  readonly secrets: readonly PlanSecret[];
  readonly graph: Block;
  readonly approvals: readonly Approval[];
  readonly policies: readonly Policy[];
  readonly sandbox: SandboxRequest;
  readonly concurrency: { readonly group: Template; readonly onConflict: 'queue' | 'refuse' } | null;
  readonly timeouts: { readonly runMs: number | null; readonly cleanupMs: number | null };
  readonly outputs: readonly { readonly name: string; readonly type: string; readonly value: Json }[];
  readonly messages: { readonly success: Template | null; readonly failure: Template | null };
  /** Sorted `uses` references. */
  readonly executors: readonly string[];
}

interface PlanSecret {
  readonly name: string;
  readonly scope: string | null;
  readonly required: boolean;
}

export interface Approval {
  readonly id: string;
  /** Sorted; in addition to `packs.approve`. */
  readonly grants: readonly string[];
  readonly minApprovals: number;
  readonly expiresAfterMs: number | null;
  readonly executeWithinMs: number | null;
  readonly allowSelfApproval: boolean;
  readonly maxAuthAgeMs: number | null;
  readonly reasonRequired: boolean;
  readonly reasonTemplate: Template | null;
}

export type PolicyLevel = 'advisory' | 'soft-mandatory' | 'hard-mandatory';

export interface Policy {
  readonly id: string;
  readonly engine: 'cel' | 'cedar' | 'opa';
  readonly level: PolicyLevel;
  /** The source of the policy, which the digest covers. */
  readonly source: string;
  readonly digest: Digest;
}

interface SandboxRequest {
  readonly mode: 'open' | 'sealed' | null;
  readonly sealedInstall: boolean;
  readonly egressAllowlist: readonly string[] | null;
  readonly cpuMillicores: number | null;
  readonly memoryMiB: number | null;
  readonly workspaceMiB: number | null;
  readonly maxProcesses: number | null;
  readonly timeoutMs: number | null;
}

/** Siblings in the plan. */
export interface Block {
  readonly nodes: readonly Node[];
  /** Maximum number of concurrent children; null: the profile's default. Lists (root, group, branch, body) have no limit: `0`. */
  readonly maxParallel: number | null;
  readonly continueOnError: boolean;
}

interface Common {
  /** Its own name. Places are composed of these names. */
  readonly id: string;
  readonly name: string | null;
  readonly when: ExpressionText | null;
  /** Predecessors: the stated needs, sorted, or otherwise the last step before it in its list. */
  readonly needs: readonly string[];
  /** True if `needs` was stated by the author. `runOn` is then evaluated over these steps only, otherwise over all earlier siblings. */
  readonly stated: boolean;
  readonly runOn: RunOn;
  /** Limit for the step including retries and waits. When it is over, the step is not retried. */
  readonly timeoutMs: number | null;
  readonly workers: readonly string[];
}

export interface RunNode extends Common {
  readonly kind: 'run';
  readonly uses: string;
  readonly with: JsonObject;
  readonly env: { readonly [name: string]: Template };
  readonly files: JsonObject;
  readonly secrets: readonly { readonly name: string; readonly env: string | null; readonly file: string | null }[];
  readonly tools: { readonly [name: string]: readonly Digest[] };
  readonly egress: readonly { readonly url: Template; readonly intent: string | null }[];
  /** `sandbox.egressAllowlist` of the enclosing inner packs, outermost first, each sorted; absent if none restricts anything. */
  readonly egressWithin?: readonly (readonly string[])[];
  readonly artifacts: readonly ArtifactRequest[];
  /** Declared outputs by name: JSON Schemas. */
  readonly outputs: JsonObject | null;
  readonly effects: Effects;
  readonly retries: Retries;
  readonly continueOnError: boolean;
}

interface ArtifactRequest {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string | null;
  readonly optional: boolean;
}

export interface Retries {
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly factor: number;
  readonly maxBackoffMs: number;
  readonly jitter: boolean;
  /** Codes that are retried; null: every retryable code. Sorted. */
  readonly on: readonly string[] | null;
  readonly attemptTimeoutMs: number | null;
}

interface GroupNode extends Common {
  readonly kind: 'group';
  readonly body: Block;
  readonly continueOnError: boolean;
}

interface ParallelNode extends Common {
  readonly kind: 'parallel';
  readonly body: Block;
  readonly continueOnError: boolean;
}

export interface MapNode extends Common {
  readonly kind: 'map';
  /** An expression that yields the list, or a literal list. */
  readonly items: Json;
  readonly iterator: string;
  readonly index: string;
  readonly label: Template | null;
  /** Upper bound of the list; null if the items are known at plan time. */
  readonly maxItems: number | null;
  /** Maximum number of concurrent items; null: the profile's default. */
  readonly width: number | null;
  readonly body: Block;
  /** The result of an item; null: the outputs of its last step. */
  readonly outputs: JsonObject | null;
  readonly continueOnError: boolean;
}

export interface LoopNode extends Common {
  readonly kind: 'loop';
  readonly items: Json;
  readonly until: ExpressionText | null;
  readonly delayMs: number;
  readonly maxIterations: number;
  readonly aggregation: 'collect' | 'last';
  readonly iterator: string;
  readonly index: string;
  readonly body: Block;
  readonly outputs: JsonObject | null;
  readonly continueOnError: boolean;
}

export interface ConditionalNode extends Common {
  readonly kind: 'conditional';
  readonly branches: readonly { readonly when: ExpressionText; readonly body: Block }[];
  readonly otherwise: Block | null;
  readonly continueOnError: boolean;
}

export interface GateNode extends Common {
  readonly kind: 'gate';
  /** The required approval; of a policy gate the approval for an override, if one is allowed. */
  readonly approval: string | null;
  readonly policy: string | null;
  readonly with: JsonObject;
  readonly message: Template | null;
  readonly show: JsonObject;
  readonly form: JsonObject | null;
}

/** Another pack in this plan: a container with a scope of its own. It sees its inputs and nothing else of the caller. */
export interface PackNode extends Common {
  readonly kind: 'pack';
  /** As the caller wrote it: `pack:./packs/rollback`, `pack:rollback:1.2.0`. */
  readonly uses: string;
  readonly pack: { readonly name: string; readonly version: string; readonly contentDigest: Digest };
  /** Templates of the given inputs, in the caller's scope. They are evaluated once, when the step begins. */
  readonly with: JsonObject;
  /** Declared inputs of the inner pack, sorted by name. */
  readonly inputs: readonly InnerInput[];
  readonly body: Block;
  /** In the scope of its steps; sorted by name. */
  readonly outputs: readonly { readonly name: string; readonly type: string; readonly value: Json }[];
  readonly continueOnError: boolean;
}

/** An input of an inner pack. */
export interface InnerInput {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: Json;
  readonly enum: readonly Json[] | null;
  /** JSON Schema 2020-12. */
  readonly schema: JsonObject | null;
}

export type Node = RunNode | GroupNode | ParallelNode | MapNode | LoopNode | ConditionalNode | GateNode | PackNode;
