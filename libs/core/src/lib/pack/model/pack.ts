import type { Json, JsonObject } from '../../foundation/json';
import type { PackStep } from './pack-step';
import type { FailureRetries } from './retries';
import type { ValueType } from './value-type';

/**
 * A pack as written, with the published spellings normalised and the constants of the language filled in. Values that an environment
 * decides (`maxParallel`, timeouts, sizes) are null if the author left them open. Durations are milliseconds; expressions are still texts.
 * Pointers into it (`/spec/steps/0/run/with`) refer to the normalised manifest, see `ReadPack.locate`.
 */
export interface Pack {
  readonly apiVersion: 'stellaops.io/pack.v1';
  readonly kind: 'TaskPack';
  readonly metadata: Metadata;
  readonly spec: PackSpec;
}

/** Identity of a pack. */
export interface Metadata {
  readonly name: string;
  readonly version: string;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly tenantVisibility: 'private' | 'public' | readonly string[];
  readonly maintainers: readonly Maintainer[];
  readonly license: string | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly minRunnerVersion: string | null;
}

/** A contact for a pack. */
export interface Maintainer {
  readonly name: string;
  readonly email: string | null;
}

/** The content of a pack. */
export interface PackSpec {
  readonly inputs: readonly InputRule[];
  readonly secrets: readonly SecretRule[];
  readonly approvals: readonly ApprovalRule[];
  readonly policies: readonly PolicyRule[];
  readonly sandbox: SandboxRule;
  readonly sealedInstall: boolean;
  readonly concurrency: ConcurrencyRule | null;
  readonly timeoutMs: number | null;
  readonly cleanupTimeoutMs: number | null;
  readonly steps: readonly PackStep[];
  readonly outputs: readonly OutputRule[];
  readonly success: { readonly message: string | null };
  readonly failure: { readonly message: string | null; readonly retries: FailureRetries | null };
}

/** An input. `default` null means that there is none. */
export interface InputRule {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string | null;
  readonly required: boolean;
  readonly default: Json;
  readonly enum: readonly Json[] | null;
  /** JSON Schema 2020-12, or its path in the pack. */
  readonly schema: JsonObject | string | null;
  readonly sensitive: boolean;
}

/** A secret for steps. Required by default. */
export interface SecretRule {
  readonly name: string;
  readonly description: string | null;
  readonly scope: string;
  readonly required: boolean;
}

/** Requirements of an approval. */
export interface ApprovalRule {
  readonly id: string;
  readonly grants: readonly string[];
  readonly minApprovals: number;
  readonly expiresAfterMs: number | null;
  readonly executeWithinMs: number | null;
  readonly allowSelfApproval: boolean;
  readonly maxAuthAgeMs: number | null;
  readonly reasonRequired: boolean;
  readonly reasonTemplate: string | null;
}

/** A policy for gates. Exactly one of `source` and `path` is present. */
export interface PolicyRule {
  readonly id: string;
  readonly engine: 'cel' | 'cedar' | 'opa';
  readonly source: string | null;
  readonly path: string | null;
  readonly level: 'advisory' | 'soft-mandatory' | 'hard-mandatory';
}

/** The pack's requirements for the sandbox. `egressAllowlist` null restricts nothing, an empty one allows nothing. */
export interface SandboxRule {
  readonly mode: 'open' | 'sealed';
  readonly egressAllowlist: readonly string[] | null;
  readonly cpuMillicores: number | null;
  readonly memoryMiB: number | null;
  readonly workspaceMiB: number | null;
  readonly maxProcesses: number | null;
  readonly timeoutMs: number | null;
}

/** One run per tenant and group at a time. */
export interface ConcurrencyRule {
  readonly group: string;
  readonly onConflict: 'queue' | 'refuse';
}

/** An output of a run. */
export interface OutputRule {
  readonly name: string;
  readonly type: ValueType | null;
  readonly value: Json;
}
