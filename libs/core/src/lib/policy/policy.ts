import type { JsonObject } from '../foundation/json';

/** The engines a pack may name. */
const POLICY_ENGINES = ['cel', 'cedar', 'opa'] as const;
/** The name of an engine. */
export type PolicyEngineName = (typeof POLICY_ENGINES)[number];

/** Raised only if an accepted CEL policy would now decide differently. Part of the environment digest. */
export const CEL_BEHAVIOUR = 1;

/**
 * Raised only if an accepted Cedar policy would now decide differently, because of another version of its language or another way of
 * evaluating it. Part of the environment digest; the engine itself is an adapter.
 */
export const CEDAR_BEHAVIOUR = 1;

/** A policy in a pack. */
export interface PolicySource {
  readonly engine: PolicyEngineName;
  readonly source: string;
}

/** Codes of policies that cannot be compiled. A released code never changes meaning. */
export type PolicyErrorCode =
  | 'POLICY_ENGINE_UNKNOWN'
  | 'POLICY_SYNTAX'
  /** Unknown name, member or step. */
  | 'POLICY_UNKNOWN_NAME'
  | 'POLICY_LIMIT'
  /** Unknown function or method. */
  | 'POLICY_UNKNOWN_FUNCTION'
  /** A function with the wrong number of arguments, or called as a method. */
  | 'POLICY_ARGUMENTS'
  /** A value of a type that its use does not accept. */
  | 'POLICY_TYPE'
  /** A result that is neither a boolean nor `{allow, reasons}`. */
  | 'POLICY_RESULT';

/** A fault of a policy. */
export interface PolicyFault {
  readonly code: PolicyErrorCode;
  readonly message: string;
  readonly remediation: string;
  /** UTF-16 offset within the source. */
  readonly offset: number;
}

/** The answer of a policy. `undecided` is closed: it never opens a gate. */
export type PolicyAnswer =
  | { readonly kind: 'decided'; readonly allow: boolean; readonly reasons: readonly string[] }
  | { readonly kind: 'undecided'; readonly code: 'POLICY_UNDECIDED'; readonly message: string };

/** A compiled policy. */
interface CompiledPolicy {
  readonly engine: PolicyEngineName;
  /** Behaviour version of its engine. */
  readonly behaviour: number;
  /**
   * Evaluates an input with the members `inputs, steps, plan, run, tenant, actor, params, now`, at a gate (its instance id). Never throws.
   */
  evaluate(input: JsonObject, gate: string): PolicyAnswer;
}

/** A policy engine besides CEL. The composition of the process provides it. */
export interface PolicyEngine {
  /** Compiles a policy. Never throws for bad input. */
  compile(source: string): PolicyCompilation;
}

/** The available engines besides CEL, by name. */
export type PolicyEngines = { readonly [Engine in Exclude<PolicyEngineName, 'cel'>]?: PolicyEngine };

/** Result of compiling: a policy, or all of its faults. */
export type PolicyCompilation =
  | { readonly kind: 'policy'; readonly policy: CompiledPolicy }
  | { readonly kind: 'faults'; readonly faults: readonly PolicyFault[] };

/** Prefix of the reason of an undecided answer. */
export const NO_DECISION = 'the policy gave no decision';

/** An undecided answer, which is closed, with its reason. */
export function undecided(why: string): PolicyAnswer {
  return { kind: 'undecided', code: 'POLICY_UNDECIDED', message: `${NO_DECISION}: ${why}` };
}
