import type { JsonObject } from '../foundation/json';

/** The engines a pack may name. */
const POLICY_ENGINES = ['cel', 'cedar', 'opa'] as const;
/** The name of an engine. */
export type PolicyEngineName = (typeof POLICY_ENGINES)[number];

/** Raised only when a CEL policy that was accepted would now decide otherwise. Part of the environment digest. */
export const CEL_BEHAVIOUR = 1;

/**
 * Raised only when a Cedar policy that was accepted would now decide otherwise: by another version of its language, or another
 * way of asking. Part of the environment digest; the engine itself is an adapter.
 */
export const CEDAR_BEHAVIOUR = 1;

/** A policy as a pack states it. */
export interface PolicySource {
  readonly engine: PolicyEngineName;
  readonly source: string;
}

/** Codes of policies that cannot be compiled. A released code never changes meaning. */
export type PolicyErrorCode =
  | 'POLICY_ENGINE_UNKNOWN'
  | 'POLICY_SYNTAX'
  /** A name, a member or a step that is not there. */
  | 'POLICY_UNKNOWN_NAME'
  | 'POLICY_LIMIT'
  /** A function or method that CEL does not have. */
  | 'POLICY_UNKNOWN_FUNCTION'
  /** A function that is called with too many or too few arguments, or as a method. */
  | 'POLICY_ARGUMENTS'
  /** A value of a type that what reads it does not take. */
  | 'POLICY_TYPE'
  /** A result that is neither a boolean nor `{allow, reasons}`. */
  | 'POLICY_RESULT';

/** What is wrong with a policy. */
export interface PolicyFault {
  readonly code: PolicyErrorCode;
  readonly message: string;
  readonly remediation: string;
  /** UTF-16 offset within the source. */
  readonly offset: number;
}

/** What a policy answers. `undecided` is closed: a gate never opens on it. */
export type PolicyAnswer =
  | { readonly kind: 'decided'; readonly allow: boolean; readonly reasons: readonly string[] }
  | { readonly kind: 'undecided'; readonly code: 'POLICY_UNDECIDED'; readonly message: string };

/** A policy ready to be asked. */
interface CompiledPolicy {
  readonly engine: PolicyEngineName;
  /** Behaviour version of its engine. */
  readonly behaviour: number;
  /**
   * Answers over an input whose members are `inputs, steps, plan, run, tenant, actor, params, now`, at a gate (its instance id).
   * Never throws.
   */
  evaluate(input: JsonObject, gate: string): PolicyAnswer;
}

/** A policy engine that a process has beside CEL: whoever composes the process hands it in. */
export interface PolicyEngine {
  /** Compiles a policy. Never throws for bad input. */
  compile(source: string): PolicyCompilation;
}

/** The engines at hand beside CEL, by name. */
export type PolicyEngines = { readonly [Engine in Exclude<PolicyEngineName, 'cel'>]?: PolicyEngine };

/** What compiling gives: a policy, or all that is wrong with it. */
export type PolicyCompilation =
  | { readonly kind: 'policy'; readonly policy: CompiledPolicy }
  | { readonly kind: 'faults'; readonly faults: readonly PolicyFault[] };

/** How the reason of an undecided answer begins. */
export const NO_DECISION = 'the policy gave no decision';

/** An undecided answer: closed, with its reason. */
export function undecided(why: string): PolicyAnswer {
  return { kind: 'undecided', code: 'POLICY_UNDECIDED', message: `${NO_DECISION}: ${why}` };
}
