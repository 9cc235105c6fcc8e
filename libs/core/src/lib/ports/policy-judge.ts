import type { JsonObject } from '../foundation/json';
import type { PolicyAnswer, PolicySource } from '../policy/policy';

/**
 * Judges by an engine other than the driver's own, off its thread and within a bound of time. Whatever goes wrong is
 * `undecided`, which is closed; it never rejects.
 */
export abstract class PolicyJudge {
  abstract judge(policy: PolicySource, input: JsonObject, gate: string): Promise<PolicyAnswer>;
}
