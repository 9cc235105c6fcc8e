import type { JsonObject } from '../../foundation/json';
import type { PolicyAnswer, PolicyEngineName, PolicySource } from '../../policy/policy';

/**
 * Judges by an engine other than the driver's own, off its thread and within a bound of time. Whatever goes wrong is
 * `undecided`, which is closed; it never rejects.
 */
export abstract class PolicyJudge {
  abstract judge(policy: PolicySource, input: JsonObject, gate: string): Promise<PolicyAnswer>;
}

/** The engines of policies that a driver has beside CEL. */
export type PolicyJudges = ReadonlyMap<PolicyEngineName, PolicyJudge>;
