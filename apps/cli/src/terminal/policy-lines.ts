import { verdictTitle } from '@taskrunner/core/gate';
import type { PolicyView } from '../server/run-views';
import { safeLine } from './safe-text';

/** A policy verdict, with one line per reason. Reasons may contain anything, so they are escaped and indented. */
export function policyLines(policy: PolicyView): readonly string[] {
  const { result, engine, reasons, omittedReasons = 0 } = policy;
  const title =
    result === null ? `policy ${policy.id} (${policy.level}) was not evaluated` : verdictTitle({ ...policy, result });
  return [
    safeLine(`${title} [${engine}]`),
    ...reasons.map((reason) => safeLine(`  reason: ${reason}`)),
    ...(omittedReasons > 0 ? [`  and ${omittedReasons} more reasons`] : []),
    ...(reasons.length === 0 && result !== null && result !== 'allow' ? ['  no reasons are known'] : []),
  ];
}
