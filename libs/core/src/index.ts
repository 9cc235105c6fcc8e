// The public face of core: every name, listed. Grouped by floor, the ground first.
export { assertNever } from './lib/foundation/assert-never';
export { CodedError, isCodedError } from './lib/foundation/coded-error';
export { sortFaults, type Fault } from './lib/foundation/fault';
export {
  isDigest,
  isRunId,
  isTenantId,
  runUuid,
  toRunId,
  type Digest,
  type NodeId,
  type RunId,
  type StepId,
  type TenantId,
} from './lib/foundation/ids';
export { isJsonArray, isJsonObject, type Json, type JsonObject } from './lib/foundation/json';
export { PersistentMap } from './lib/foundation/persistent-map';
export { sameSubject, type Actor, type Principal, type Scope, type Subject } from './lib/foundation/principal';
export { canonical } from './lib/canonical/canonical';
export { digestOf, sha256 } from './lib/canonical/digest';
