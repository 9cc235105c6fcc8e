export { parseAuthority, parseHost, parseTarget, parseWholeTarget, type Target } from './authority';
export { decideAddress, decideDial, decideEgress } from './decide-egress';
export { boundRules } from './egress-bound';
export { writeEgressLog, type AttemptCode, type EgressAttempt } from './egress-log';
export { parseRule, type EgressRule } from './egress-rule';
