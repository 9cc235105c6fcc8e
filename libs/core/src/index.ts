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
export { preAuthEncoding, type Envelope, type KeyUsage } from './lib/evidence/envelope';
export { ObjectStore, type ByteRange, type ObjectStoreErrorCode, type PutOptions } from './lib/ports/object-store';
export { Signer } from './lib/ports/signer';
export { decideGate, type GateRefusal, type GateVerdict } from './lib/gate/decide-gate';
export type { DecisionKind, GateApproval, GateDecision, GateOutcome, GateRequirement, GateState } from './lib/gate/gate-state';
export type {
  Approval, ArtifactRequest, Block, ConditionalNode, Effects, GateNode, GroupNode, LoopNode, MapNode, Node, ParallelNode, Plan,
  Policy, PolicyLevel, Retries, RunNode, RunOn, SandboxRequest,
} from './lib/plan/plan';
export { childOf, indexOf, isItem, itemOf, nodeOf, repeatOf, ROOT, scopeOf, within } from './lib/plan/place';
export { blockOf, childrenOf, indexPlan, nodeAt, parentOf, runNodeAt, type IndexedBlock, type IndexedNode, type PlanIndex } from './lib/plan/plan-index';
export type { ApprovalFloor, Environment, Profile, ProfileDefaults } from './lib/plan/profile';
export { idempotencyKey } from './lib/step/idempotency-key';
export type { Answer, Question } from './lib/step/question';
export { shownStatus, type ShownStatus, type StepState } from './lib/step/step-state';
export type { ValueRef } from './lib/step/value-ref';
export { advance, initialState, isParked, nextWakeAt, waitsOf, type Turn } from './lib/run/advance';
export type { Command, StopReason } from './lib/run/command';
export type { Derived, Fact, Given, GivenBody } from './lib/run/run-event';
export { MACHINE_VERSION, type RunState } from './lib/run/run-state';
export type { Entry, Page, Unnumbered } from './lib/journal/page';
export { PAYLOAD_TYPE, type AdmissionRecord, type DecisionRecord, type GateRequest } from './lib/evidence/documents';
export { Claims, type ClaimedRun, type Incarnation, type WorkerDescription } from './lib/ports/claims';
export { Clock } from './lib/ports/clock';
export { Committer, type ArtifactRow, type Commit, type Committed, type GateChange, type RunChange, type StepRow } from './lib/ports/committer';
export { Executor, type ExecutionReport, type ExecutionRequest, type MountedFile, type Outcome } from './lib/ports/executor';
export { GateDesk, type Decided, type GateRow, type SignedDecision } from './lib/ports/gate-desk';
export { LogStore, type LogChunk, type NumberedChunk } from './lib/ports/log-store';
export { Outbox, type OutboxItem, type SealedEvidence } from './lib/ports/outbox';
export { RunReader, type ArtifactView, type RunRecords, type RunSummary } from './lib/ports/run-reader';
export { RunStore, type Created, type Letter, type NewRun, type Posted } from './lib/ports/run-store';
