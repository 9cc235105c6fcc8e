export { causesOf } from './causes';
export { actChain, MAX_ACTORS } from './act-chain';
export { BrandedError } from './branded-error';
export { CLOCK_STEP_MS, clockStep } from './clock-step';
export { CodedError, isCodedError } from './coded-error';
export { extended } from './extended';
export { faultAt, sortFaults, type Fault } from './fault';
export {
  isDigest,
  isRunId,
  isScheduleId,
  isTenantId,
  runIdsWith,
  runUuidEnd,
  runUuid,
  scheduleUuid,
  toRunId,
  toScheduleId,
  type Digest,
  type NodeId,
  type RunId,
  type ScheduleId,
  type StepId,
  type TenantId,
} from './ids';
export { isJsonArray, isJsonObject, type Json, type JsonObject } from './json';
export { nearestName } from './nearest-name';
export { isSubjectName, sameSubject, type Actor, type Principal, type Scope, type Subject } from './principal';
export { insecureEndpoint, isEndpoint, isLoopbackHost, isSecureAddress } from './secure-address';
export { storableText } from './storable-text';
export { hasEnded, isOver, refusesDecisions, runEnds, runStatuses, stepEnds, type RunStatus } from './statuses';
export { visibleLine, visibleText } from './visible-text';
