export { personsOf, subjectKey, subjectsKey } from './deciders';
export type { GateRequest } from './gate-request';
export type { DecisionKind, GateOutcome } from './gate-state';
export type { Approver } from './approvers';
export { gateDecisionWord, gateOutcomeWord } from './override-words';
export { rankedFindings } from './severities';
export { unreachableQuorum, waysOut } from './unreachable-quorum';
export { verdictInRequest, verdictTitle, type PolicyVerdict } from './policy-verdict';
