import type { JsonObject } from '../../foundation/json';
import type { PolicyAnswer, PolicyEngineName, PolicySource } from '../../policy/policy';

/**
 * Evaluates policies with an external engine, outside of the driver's thread and with a time limit. Every failure is `undecided`, which is
 * closed; it never rejects.
 */
export abstract class PolicyJudge {
  abstract judge(policy: PolicySource, input: JsonObject, gate: string): Promise<PolicyAnswer>;
}

/** The policy engines of a driver besides CEL. */
export type PolicyJudges = ReadonlyMap<PolicyEngineName, PolicyJudge>;
