export { AlteredRuns } from './runs/altered-runs';
export {
  ANNOUNCEMENT_TYPES,
  Announcements,
  type Announcement,
  type AnnouncementType,
  type DueAnnouncement,
} from './runs/announcements';
export type { AssignmentReport } from './workers/assignment-report';
export {
  Assignments,
  type AssignmentChanges,
  type AssignmentStatus,
  type ClaimedAssignment,
  type DispatchedAssignment,
  type HeldAssignment,
} from './runs/assignments';
export { AttentionStore, type Resolved, type SignedResolution } from './gates/attention-store';
export { Calendar } from './schedules/calendar';
export { Claims, type ClaimedRun, type RunName, type StoredPage, type StoredRows } from './runs/claims';
export { Clock } from './clock';
export {
  Committer,
  type ArtifactRow,
  type Commit,
  type Committed,
  type GateChange,
  type OutboxEntry,
  type RunChange,
  type StepChange,
  type StepRow,
} from './runs/committer';
export { Archives } from './evidence/archives';
export { Attestor } from './evidence/attestor';
export { AuditChain, type AuditChainStatus, type KeptCheckpoint } from './evidence/audit-chain';
export { EvidenceReleases, type SignedRelease } from './evidence/evidence-releases';
export { ExportDestination, type ExportedFile, type KnownDestination } from './evidence/export-destination';
export { Exports, type DueExport, type Settled } from './evidence/exports';
export { Outbox, type OutboxItem, type SealedEvidence } from './evidence/outbox';
export { ProbeDocuments } from './evidence/probe-documents';
export { Signer } from './evidence/signer';
export {
  Executor,
  type ExecutionReport,
  type ExecutionRequest,
  type MountedFile,
  type Outcome,
  type StepStorage,
} from './step/executor';
export { GateStore, type Decided, type GatePlace, type GateRow, type SignedDecision } from './gates/gate-store';
export { KeyRecords, type HeldKeys, type KeyDifference, type KeyUse } from './key-records';
export { LogStore, SealableLogStore, type LogChunk, type NumberedChunk } from './runs/log-store';
export { Messenger, type Message, type Sent } from './messenger';
export { ObjectReferences } from './objects/object-references';
export {
  CollectableObjectStore,
  isStoreOutage,
  ObjectStore,
  type ByteRange,
  type ObjectStoreErrorCode,
  type PutOptions,
  type StagedFile,
  type Staging,
  type StoreIdentity,
} from './objects/object-store';
export {
  PackRegistry,
  type ArtifactName,
  type PackArchive,
  type PackArtifact,
  type PackFacts,
  type RegistryErrorCode,
} from './packs/pack-registry';
export { PackVersions, type KnownVersion } from './packs/pack-versions';
export { Planner, PlannerError, type PlannerErrorCode, type PlanningLimits, type WorkKinds } from './packs/planner';
export { PolicyJudge, type PolicyJudges } from './packs/policy-judge';
export {
  RunEnvironments,
  type ParkedKind,
  type UnhonouredEnvironment,
  type UnhonouredRun,
  type WaitingEnvironment,
} from './workers/run-environments';
export {
  RunReader,
  type EarlierApproval,
  STUCK_REASONS,
  type ArtifactView,
  type EvidenceExport,
  type RunFilter,
  type RunPage,
  type CreatedRange,
  type StatusCount,
  type RunOriginal,
  type RunRecords,
  type RunCancellation,
  type RunSummary,
  type StuckReason,
} from './runs/run-reader';
export { RunStore, type Created, type InboxMessage, type NewRun, type Posted } from './runs/run-store';
export {
  ScheduleStore,
  type DueSchedule,
  type Kept,
  type ScheduleKeepCode,
  type Ticked,
  type TickPlace,
} from './schedules/schedule-store';
export { SecretProvider, type ProvidedSecret } from './runs/secret-provider';
export { SensitiveInputs, type SealedInput, type SensitivePlace } from './runs/sensitive-inputs';
export type {
  StepChild,
  StepExcess,
  StepExit,
  StepLimits,
  StepOutput,
  StepOwner,
  StepPlace,
  WorkspaceWatch,
} from './step/step-child';
export type {
  AskedResources,
  ContainerLimits,
  ContainerOutput,
  ContainerTask,
  StepContainers,
} from './step/step-containers';
export type { EgressWay, StepEgress } from './step/step-egress';
export type {
  ArtifactStage,
  CollectedArtifact,
  Collection,
  CollectLimits,
  DeclaredArtifact,
  StagedArtifact,
  StepFile,
  StepSandbox,
  StepTask,
  StepTool,
  StepToolFile,
  StepWorkspace,
  TarEntry,
} from './step/step-sandbox';
export { StoreRecords, type RecordedStore } from './objects/store-records';
export { Uploads, type CompletedUpload, type UploadLimits } from './objects/uploads';
export type { WorkerDescription, WorkerSession } from './workers/worker-description';
export { EventFeed, FEED_EVENT_TYPES, type FeedEvent, type FeedEventType, type FeedPage } from './runs/event-feed';
export { TimingReader, type TimedStep } from './runs/timing-reader';
export { WorkerDirectory, type LivingWorker } from './workers/worker-directory';
