// The public face of core: every name, listed. Grouped by floor, the ground first.
export { assertNever } from './lib/foundation/assert-never';
export { BrandedError } from './lib/foundation/branded-error';
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
  isScheduleId,
  scheduleUuid,
  toScheduleId,
  type RunId,
  type ScheduleId,
  type StepId,
  type TenantId,
} from './lib/foundation/ids';
export { isJsonArray, isJsonObject, type Json, type JsonObject } from './lib/foundation/json';
export {
  hasEnded,
  isOver,
  refusesDecisions,
  runEnds,
  runStatuses,
  stepEnds,
  type RunEnd,
  type RunStatus,
  type StepEnd,
} from './lib/foundation/statuses';
export { PersistentMap } from './lib/foundation/persistent-map';
export { actChain, MAX_ACTORS } from './lib/foundation/act-chain';
export {
  isSubjectName,
  sameSubject,
  type Actor,
  type Principal,
  type Scope,
  type Subject,
} from './lib/foundation/principal';
export { canonical } from './lib/canonical/canonical';
export { digestOf, sha256 } from './lib/canonical/digest';
export { preAuthEncoding, type Envelope, type KeyUsage } from './lib/evidence/encoding/envelope';
export {
  CollectableObjectStore,
  ObjectStore,
  type ByteRange,
  type ObjectStoreErrorCode,
  type PutOptions,
  type StagedFile,
  type Staging,
  isStoreOutage,
} from './lib/ports/object-store';
export {
  ObjectStoreHealth,
  type StoreHealthSettings,
  type StoreOutage,
} from './lib/operations/objects/object-store-health';
export { causesOf } from './lib/foundation/causes';
export { Uploads, type CompletedUpload, type UploadLimits } from './lib/ports/uploads';
export { StoreUpload, type StoredUpload, type UploadCode } from './lib/operations/objects/store-upload';
export { resolveFileInputs, type ResolvedFileInputs } from './lib/operations/planning/file-inputs';
export {
  packInputs,
  PackedInputs,
  toSuppliedInputs,
  weighsLess,
  type SuppliedInputs,
  type SentInputs,
} from './lib/operations/planning/supplied-inputs';
export { ObjectReferences } from './lib/ports/object-references';
export {
  RunEnvironments,
  type ParkedKind,
  type UnhonouredEnvironment,
  type UnhonouredRun,
  type WaitingEnvironment,
} from './lib/ports/run-environments';
export { ProbeDocuments } from './lib/ports/evidence/probe-documents';
export { collectObjects, type Collected, type CollectDependencies } from './lib/operations/objects/collect-objects';
export { Signer } from './lib/ports/evidence/signer';
export { personsOf, type Deciders } from './lib/gate/deciders';
export { decideGate, type GateRefusal, type GateVerdict } from './lib/gate/decide-gate';
export type {
  DecisionKind,
  GateApproval,
  GateDecision,
  GateOutcome,
  GateRequirement,
  GateState,
} from './lib/gate/gate-state';
export type {
  Approval,
  ArtifactRequest,
  Block,
  ConditionalNode,
  Effects,
  GateNode,
  GroupNode,
  LoopNode,
  MapNode,
  Node,
  ParallelNode,
  Plan,
  Policy,
  PolicyLevel,
  Retries,
  RunNode,
  RunOn,
  SandboxRequest,
} from './lib/plan/plan';
export { indexOf, isItem, itemOf, nodeOf, repeatOf, ROOT, scopeOf, joinScope } from './lib/plan/place';
export {
  blockOf,
  childrenOf,
  indexPlan,
  nodeAt,
  parentOf,
  runNodeAt,
  type IndexedBlock,
  type IndexedNode,
  type PlanIndex,
} from './lib/plan/plan-index';
export type { ApprovalFloor, Environment, Profile, ProfileDefaults, RetryDefaults } from './lib/plan/profile';
export { DEFAULT_MAX_FILES } from './lib/plan/profile';
export { idempotencyKey } from './lib/step/idempotency-key';
export type { Answer, Question } from './lib/step/question';
export { shownStatus, type ShownStatus, type StepState } from './lib/step/step-state';
export type { ValueRef } from './lib/step/value-ref';
export { advance, initialState, isParked, nextWakeAt, waitsOf, type Turn } from './lib/run/advance';
export type { Command, StopReason } from './lib/run/command';
export type { Derived, Fact, InputEvent, InputEventBody } from './lib/run/run-event';
export { MACHINE_VERSION, type RunState } from './lib/run/run-state';
export type { Entry, Page, Unnumbered } from './lib/journal/page';
export {
  PAYLOAD_TYPE,
  type AdmissionRecord,
  type DecisionRecord,
  type ResolutionOutcome,
  type ResolutionRecord,
} from './lib/evidence/records/documents';
export { Claims, type ClaimedRun } from './lib/ports/claims';
export { type WorkerSession, type WorkerDescription } from './lib/ports/worker-description';
export {
  ANNOUNCEMENT_TYPES,
  Announcements,
  type Announcement,
  type AnnouncementType,
  type DueAnnouncement,
} from './lib/ports/announcements';
export { EvidenceReleases, type SignedRelease } from './lib/ports/evidence/evidence-releases';
export { AttentionStore, type Resolved, type SignedResolution } from './lib/ports/attention-store';
export { WorkerDirectory } from './lib/ports/worker-directory';
export { KeyRecords, type HeldKeys, type KeyDifference, type KeyUse } from './lib/ports/key-records';
export { type AssignmentReport } from './lib/ports/assignment-report';
export {
  Assignments,
  type AssignmentChanges,
  type AssignmentStatus,
  type ClaimedAssignment,
  type HeldAssignment,
  type DispatchedAssignment,
} from './lib/ports/assignments';
export { clockStep, CLOCK_STEP_MS } from './lib/foundation/clock-step';
export { Clock } from './lib/ports/clock';
export {
  Committer,
  type ArtifactRow,
  type Commit,
  type Committed,
  type GateChange,
  type OutboxEntry,
  type RunChange,
  type StepRow,
} from './lib/ports/committer';
export {
  Executor,
  type ExecutionReport,
  type ExecutionRequest,
  type MountedFile,
  type Outcome,
  type StepStorage,
} from './lib/ports/executor';
export { GateStore, type Decided, type GatePlace, type GateRow, type SignedDecision } from './lib/ports/gate-store';
export { LogStore, SealableLogStore, type LogChunk, type NumberedChunk } from './lib/ports/log-store';
export { Archives } from './lib/ports/evidence/archives';
export type { ArchivedChunk, BundlePart, RunArchive, StatementParts } from './lib/evidence/bundle/archive';
export {
  archivedJournal,
  ArchivedLogStore,
  archivedStatements,
  type ArchiveDependencies,
} from './lib/operations/retention/archived-run';
export { Messenger, type Message, type Sent } from './lib/ports/messenger';
export { Exports, type DueExport, type Settled } from './lib/ports/evidence/exports';
export { ExportDestination, type ExportedFile, type KnownDestination } from './lib/ports/evidence/export-destination';
export type { ExportRequest } from './lib/evidence/records/export-requests';
export {
  destinationOf,
  ExportError,
  exportEvidence,
  exportedFile,
  exportRefusal,
  type ExportCode,
  type ExportDependencies,
} from './lib/operations/delivery/export-evidence';
export { abortable } from './lib/operations/work/abortable';
export { deliverDue, type DeliverDependencies, type Delivery } from './lib/operations/delivery/deliver-exports';
export { Outbox, type OutboxItem, type SealedEvidence } from './lib/ports/evidence/outbox';
export { PolicyJudge } from './lib/ports/policy-judge';
export {
  RunReader,
  STUCK_REASONS,
  type RunFilter,
  type StuckReason,
  type RunOriginal,
  type ArtifactView,
  type EvidenceExport,
  type RunRecords,
  type RunSummary,
} from './lib/ports/run-reader';
export {
  INSTALLATION,
  RefusalTally,
  type RefusedRequest,
  type TalliedRefusals,
} from './lib/operations/callers/refusal-tally';
export { AlteredRuns } from './lib/ports/altered-runs';
export {
  alarmOf,
  alterationText,
  compareEach,
  DocumentAltered,
  STORED_DOCUMENTS,
  type Alteration,
  type StoredDocument,
  type StoredDocumentCode,
} from './lib/stored/document-altered';
export { ComparedJson } from './lib/stored/compared-json';
export { compareAdmission, KnownAdmissions, type AdmissionColumns } from './lib/stored/stored-admission';
export { GateDocuments, type KnownGates, type StoredDecision, type StoredGate } from './lib/stored/stored-gate';
export { KnownDocuments, RunDocuments, type StoredTexts } from './lib/stored/run-documents';
export { plannedContents, type PackContents, type StoredPack } from './lib/operations/packs/stored-contents';
export { RunStore, type Created, type InboxMessage, type NewRun, type Posted } from './lib/ports/run-store';
export { Calendar } from './lib/ports/calendar';
export {
  ScheduleStore,
  type DueSchedule,
  type Kept,
  type ScheduleKeepCode,
  type Ticked,
  type TickPlace,
} from './lib/ports/schedule-store';
export {
  decideTick,
  type SkipReason,
  type TickDecision,
  type TickFacts,
  type TickLimits,
} from './lib/schedule/decide-tick';
export {
  initiatorsOfSchedule,
  type Party,
  type Pin,
  type Schedule,
  type ScheduleSource,
  type ScheduleSummary,
  type StopNotice,
  type TickRecord,
} from './lib/schedule/schedule';
export { skipMissed } from './lib/schedule/skip-missed';
export {
  CATCH_UP,
  OVERLAP,
  tickAfter,
  type CatchUp,
  type NextAfter,
  type Overlap,
  type Timing,
} from './lib/schedule/timing';
export {
  KeepSchedules,
  type KeepSchedulesDependencies,
  type ScheduleEdit,
  type ScheduleExpectation,
  type WantedSchedule,
} from './lib/operations/schedules/keep-schedules';
export { RunDueTicks, type RunDueTicksDependencies, type TickReport } from './lib/operations/schedules/run-due-ticks';
export {
  ScheduleError,
  scheduleNotFound,
  ScheduleUnconfirmed,
  type ScheduleCode,
} from './lib/operations/schedules/schedule-error';
export { nearestName } from './lib/foundation/nearest-name';
export {
  EXPRESSION_BEHAVIOUR,
  isLateBound,
  parseExpression,
  type Expression,
  type ParsedExpression,
  type ScopeTypes,
} from './lib/expression/expression';
export { ExpressionError, type ExpressionErrorCode, type ExpressionFault } from './lib/expression/expression-fault';
export { FUNCTION_NAMES } from './lib/expression/functions';
export type { Inspection, Reference } from './lib/expression/inspect';
export {
  evaluateTemplate,
  mapTemplates,
  parseJsonTemplate,
  readsOfTemplate,
  type JsonTemplate,
  type ParsedJsonTemplate,
  type TemplateFault,
} from './lib/expression/json-template';
export {
  evaluateText,
  expressionsOf,
  parseTemplate,
  printTemplate,
  readsOf,
  type ParsedTemplate,
  type Template,
  type TemplatePart,
} from './lib/expression/template';
export { compileSchema, describeFindings, type CompiledSchema } from './lib/schema/compile-schema';
export { pureOutcome, type PureOutcome } from './lib/binding/pure-step';
export type { SchemaFinding } from './lib/schema/evaluation';
export { JSON_SCHEMA_BEHAVIOUR } from './lib/schema/keyword';
export type { SchemaFault } from './lib/schema/schema-fault';
export { typeOfSchema } from './lib/expression/schema-type';
export {
  ANY_TYPE,
  arrayType,
  BOOLEAN_TYPE,
  comparable,
  describeType,
  joinTypes,
  NULL_TYPE,
  nullable,
  NUMBER_TYPE,
  objectType,
  STRING_TYPE,
  typeOfValue,
  type StaticType,
  type ValueKind,
} from './lib/expression/static-type';
export { MAX_POLICY_COST } from './lib/policy/cel-cost';
export { compilePolicy } from './lib/policy/compile-policy';
export { limitFault } from './lib/policy/policy-limits';
export {
  CEDAR_BEHAVIOUR,
  CEL_BEHAVIOUR,
  POLICY_ENGINES,
  undecided,
  type CompiledPolicy,
  type PolicyAnswer,
  type PolicyCompilation,
  type PolicyEngine,
  type PolicyEngineName,
  type PolicyEngines,
  type PolicyErrorCode,
  type PolicyFault,
  type PolicySource,
} from './lib/policy/policy';
export { POLICY_ROOTS } from './lib/policy/policy-input';
export type { GateRequest } from './lib/gate/gate-request';
export {
  shortenVerdict,
  verdictInRequest,
  verdictText,
  verdictTitle,
  type PolicyResult,
  type PolicyVerdict,
  type ShownVerdict,
} from './lib/gate/policy-verdict';
export { chain, checkChain, pageHash, type Break, type Head } from './lib/journal/chain';
export { replay, type Divergence } from './lib/journal/replay';
export { SNAPSHOT_ENTRIES, type Snapshot } from './lib/journal/snapshot';
export { RunProjection, type StepResult } from './lib/binding/run-projection';
export { bind, type Bound, type BoundFile, type BoundStep } from './lib/binding/bind';
export {
  macText,
  type DriverDependencies,
  type ExecutorFailure,
} from './lib/operations/claimed-run/driver-dependencies';
export { RunDriver, type Driven } from './lib/operations/driver/drive-run';
export { forecastRuns, unmetOfTexts, type Forecast } from './lib/operations/driver/forecast-runs';
export { partsOf, stopOf, unmetOf } from './lib/operations/driver/honour-run';
export type { Honouring } from './lib/operations/claimed-run/honouring';
export type { Refusal } from './lib/operations/claimed-run/refusal';
export { AssignmentDriver, type Performed } from './lib/operations/driver/fan-out/drive-assignment';
export { openRun, type OpenedRun } from './lib/operations/claimed-run/open-run';
export type { FanOut } from './lib/operations/claimed-run/fan-out';
export { Slots } from './lib/operations/claimed-run/slots';
export { ExecutionLog, LOG_LIMITS, type LogLimits } from './lib/operations/execution/execution-log';
export { LEVEL_LETTERS, LEVELS_BY_LETTER, SPLIT_MARK, type LogLevel } from './lib/journal/log-line';
export { LineCutter, type LineReader } from './lib/journal/line-cutter';
export { readDocument, type DocumentLimits } from './lib/document/read-document';
export type { DocumentReading, ReadDocument } from './lib/document/document-reading';
export { JsonMeter, type JsonBounds, type JsonExcess } from './lib/document/json-meter';
export { pointerNames, pointerTo } from './lib/document/json-pointer';
export type { Position } from './lib/document/position';
export { LONGEST_MS, parseDuration, printDuration } from './lib/pack/model/duration';
export type { DocumentFaultCode } from './lib/document/document-fault';
export { readPack, type PackReading, type ReadPack } from './lib/pack/read-pack';
export type { Location } from './lib/pack/reading/reading';
export type { PackFaultCode } from './lib/pack/reading/pack-fault';
export type { FailureRetries, Retries as PackRetries } from './lib/pack/model/retries';
export type { ValueType } from './lib/pack/model/value-type';
export type {
  ApprovalRule,
  ConcurrencyRule,
  InputRule,
  Metadata,
  OutputRule,
  Pack,
  PackSpec,
  PolicyRule,
  SandboxRule,
  SecretRule,
} from './lib/pack/model/pack';
export {
  listsIn,
  STEP_KINDS,
  type ArtifactRule,
  type EffectClass,
  type EgressUse,
  type GateBody,
  type LoopItems,
  type OutputSchema,
  type PackStep,
  type RunBody,
  type SecretUse,
  type StepBody,
  type StepList,
} from './lib/pack/model/pack-step';
export { NO_FILES, packedPaths, type PackFiles } from './lib/pack/pack-files';
export { contentDigest, sourceDigest, toManifest } from './lib/pack/pack-digest';
export { packSchema, printPackSchema } from './lib/pack/shapes/pack-schema';
export { RUNNER_VERSION } from './lib/pack/check-runner';
export { parsePackPath } from './lib/pack/model/pack-path';
export { matchGlob } from './lib/pack/glob';
export {
  parseAuthority,
  parseHost,
  parseTarget,
  parseWholeTarget,
  type Authority,
  type Target,
} from './lib/egress/authority';
export { writeEgressLog, type AttemptCode, type EgressAttempt } from './lib/egress/egress-log';
export { broadnessOf } from './lib/egress/broad-egress';
export { boundRules } from './lib/egress/egress-bound';
export { coversHost, intersect, isCovered, parseRule, type EgressRule } from './lib/egress/egress-rule';
export {
  decideAddress,
  decideDial,
  decideEgress,
  type DialDecision,
  type EgressCode,
  type EgressDecision,
} from './lib/egress/decide-egress';
export { environmentRules, rulesOfStep } from './lib/plan/step-egress';
export { CARRYING_HEADERS } from './lib/planner/reading/check-http';
export { isSpecialAddress } from './lib/egress/special-address';
export {
  bindingFor,
  grantsFor,
  UNSIGNED,
  type SecretAsker,
  type SecretBinding,
  type SecretGrant,
} from './lib/secret/secret-binding';
export { SecretError, type SecretErrorCode } from './lib/secret/secret-error';
export { SECRET_MIN_BYTES, trimmed, weaknessOf, type WeakSecret } from './lib/secret/secret-value';
export { SecretProvider, type ProvidedSecret } from './lib/ports/secret-provider';
export { SensitiveInputs, type SealedInput, type SensitivePlace } from './lib/ports/sensitive-inputs';
export { signersOf } from './lib/operations/planning/pack-signers';
export type { SecretDependencies } from './lib/operations/claimed-run/run-secrets';
export { NO_REDACTOR, Redactor, type SecretScan } from './lib/secret/redactor';
export { REDACTED, Redaction } from './lib/secret/redaction';
export {
  admissionRecord,
  initiatorsOf,
  signAdmission,
  type Admission,
} from './lib/operations/submission/admission-record';
export {
  RerunRun,
  RerunRunError,
  type Rerun,
  type RerunRunCode,
  type RerunRunDependencies,
} from './lib/operations/submission/rerun-run';
export {
  CancelRun,
  CancelRunError,
  type CancelRunCode,
  type CancelRunDependencies,
} from './lib/operations/submission/cancel-run';
export {
  DecideApproval,
  explainAbsentGate,
  type DecideApprovalDependencies,
  type Receipt as DecisionReceipt,
} from './lib/operations/gates/decide-approval';
export type { Decision } from './lib/operations/gates/decision';
export { objectionTo } from './lib/operations/gates/decision-checks';
export { DecisionError, type DecisionCode } from './lib/operations/gates/decision-error';
export type { ApproverKeys, BoundToken } from './lib/operations/gates/decision-proof';
export {
  absenceOf,
  judgedVerdict,
  overriddenVerdict,
  policyOfGate,
  describeGate,
} from './lib/operations/gates/describe-gate';
export { gateNodeOf, gatesOf, gateStateOf, recordsOf, requestOf } from './lib/operations/gates/gate-view';
export {
  ReleaseError,
  ReleaseEvidence,
  type Release,
  type ReleaseCode,
  type ReleaseEvidenceDependencies,
} from './lib/operations/evidence/release-evidence';
export {
  ResolveAttention,
  type Resolution,
  type ResolveAttentionDependencies,
} from './lib/operations/gates/resolve-attention';
export {
  deliverWebhook,
  type DeliverWebhookDependencies,
  type WebhookOutcome,
} from './lib/operations/delivery/deliver-webhook';
export { type Announcing, type Approver } from './lib/operations/delivery/announce';
export { type PolicyJudges } from './lib/ports/policy-judge';
export { PackPlanner } from './lib/operations/planning/pack-planner';
export type { AdmissiblePack, PackAdmission } from './lib/operations/packs/admissible-pack';
export { describePack, type DescribedPack, type PackDescription } from './lib/operations/packs/describe-pack';
export {
  planningContextOf,
  PlannerHere,
  planningDependencies,
  workOf,
  type SuppliedPack,
  type PlanningContext,
  type PlanningWork,
  type SimulationAnswer,
} from './lib/operations/planning/planning-work';
export { Planner, PlannerError, type PlannerErrorCode, type PlanningLimits, type WorkKinds } from './lib/ports/planner';
export {
  packFilesOf,
  environmentOfPack,
  packSourceOf,
  checkPack,
  planPack,
  sourceDigestOf,
  type PackFile as PackSourceFile,
  type PackPlanning,
  type PackSource,
  type PlanningSetting,
} from './lib/operations/packs/pack-source';
export {
  invalidPack,
  PlanHashMismatch,
  SubmitRun,
  SubmitRunError,
  type Submission,
  type SubmitRunCode,
  type SubmitRunDependencies,
  type Submitted,
} from './lib/operations/submission/submit-run';
export { assertedFile, draftFiles, isStatementOf, verifyDraft, type DraftRequest } from './lib/evidence/verify/draft';
export { buildSummary, type VerificationSummary, type Verifier } from './lib/evidence/predicates/summary';
export { KeyAttestor, type AttestingKeys } from './lib/operations/evidence/key-attestor';
export { Attestor } from './lib/ports/evidence/attestor';
export {
  CONTENT_MANIFEST,
  CONTENT_PAYLOAD_TYPE,
  contentDifference,
  openContentManifest,
  type ContentEntry,
  type ContentManifest,
} from './lib/evidence/statement/content-manifest';
export {
  attestRun,
  type ArchivedFile,
  type AttestDependencies,
  type Attested,
} from './lib/operations/evidence/attest-run';
export { SerialQueue } from './lib/operations/work/serial-queue';
export { trustedRecords, trustedRelease } from './lib/operations/evidence/trusted-records';
export { admittedPack, storedPack, type AdmittedPack } from './lib/operations/planning/replan-run';
export { algorithmOf, type SignatureAlgorithm } from './lib/evidence/encoding/public-key';
export { verifySignature } from './lib/evidence/encoding/signature';
export type { KeyRing, VerificationKey } from './lib/evidence/encoding/open-envelope';
export { openEnvelope, type OpenedEnvelope, type VerifySignature } from './lib/evidence/encoding/open-envelope';
export { decodeEnvelope, sealEnvelope, type DecodedEnvelope } from './lib/evidence/encoding/envelope';
export { EvidenceError, type EvidenceCode } from './lib/evidence/encoding/evidence-error';
export { fingerprint, jwkToSpki, rawToDer } from './lib/evidence/encoding/public-key';
export type { BundleManifest, CheckpointRecord, DecisionIntent } from './lib/evidence/records/documents';
export {
  admissionDigestOf,
  gateDigestOf,
  payloadOf,
  readAdmission,
  readCheckpoint,
  readDecision,
  readGateRequest,
  readIntent,
  readManifest,
  readResolution,
} from './lib/evidence/records/read-documents';
export {
  builderIdOf,
  streamsOf,
  type Asserted,
  type GateDocument,
  type LogStream,
  type RunEvidence,
  type Withheld,
} from './lib/evidence/records/run-evidence';
export { withholdSecrets } from './lib/evidence/records/withheld';
export { ARTIFACT_WITHHELD } from './lib/evidence/records/withheld-by-journal';
export { readEvidence, type EvidenceDocuments } from './lib/evidence/records/evidence-documents';
export {
  buildStatement,
  PREDICATE,
  type PackRun,
  type PackRunStatement,
  type Statement,
} from './lib/evidence/statement/statement';
export { buildProvenance, type Provenance } from './lib/evidence/predicates/provenance';
export { bomStatements, type BomStatement } from './lib/evidence/predicates/cyclonedx';
export {
  attestationFiles,
  buildBundleStatement,
  bundleFiles,
  MANIFEST as BUNDLE_MANIFEST,
  manifestAttestation,
  statementPayload,
  type BundleFile,
  type RunAttestations,
  type SignedStatement,
} from './lib/evidence/bundle/bundle-files';
export { readAssertedJson, readBundle, type BundleContent } from './lib/evidence/bundle/read-bundle';
export { readSigstore, sigstoreBundle, sigstoreFile, type SigstoreBundle } from './lib/evidence/encoding/sigstore';
export { chainFault, readAuditExport, readCheckpointFile, type AuditEntry } from './lib/evidence/audit/audit-chain';
export {
  AUDIT_CHECK_NAMES,
  verifyAudit,
  type AuditCheck,
  type AuditVerification,
} from './lib/evidence/audit/verify-audit';
export { AuditChain, type AuditChainStatus, type KeptCheckpoint } from './lib/ports/evidence/audit-chain';
export { SignCheckpoints, type CheckpointTurn } from './lib/operations/evidence/sign-checkpoints';
export { readTrust, type TrustedIssuer, type TrustedKey, type TrustFile } from './lib/evidence/encoding/trust';
export {
  openVerification,
  verifyRun,
  type OpenVerification,
  type Verification,
} from './lib/evidence/verify/verify-run';
export { answerLines } from './lib/evidence/report/answer-lines';
export { buildReport, shortContentsOf, type ReportRequest } from './lib/evidence/report/build-report';
export { firstCause, type FirstCause } from './lib/evidence/report/first-cause';
export { renderHtml } from './lib/evidence/report/html';
export { renderMarkdown } from './lib/evidence/report/markdown';
export type { Report, ReportContents, ReportedFile, Verdict, WorkingPaper } from './lib/evidence/report/report';
export { visibleLine, visibleText } from './lib/evidence/report/visible-text';
export type { Expectation, VerifyRequest } from './lib/evidence/verify/check/verification-session';
export { basesInWords, CHECK_NAMES, type Basis, type Check, type CheckName } from './lib/evidence/verify/check/check';
export { ledgerRecordOf, type LedgerRecord } from './lib/evidence/records/ledger-record';
export { buildPlan } from './lib/planner/build-plan';
export { parseImage, type PinnedImage } from './lib/planner/context/image';
export { runNodesIn } from './lib/planner/plan-profile';
export { BUILTIN_EXECUTORS, builtinBehaviours, builtinNamed, verbatimParameters } from './lib/plan/builtin-executors';
export type {
  EffectsRule,
  ExecutorDescriptor,
  OutputsRule,
  Parameter,
  ValueSchema,
} from './lib/plan/executor-descriptor';
export { checkExtensions, EXTENSION_SCHEMA, type ExecutorCode } from './lib/plan/extension-executors';
export { compareReceipts, hashPlan } from './lib/plan/hash-plan';
export type { PlanFaultCode } from './lib/planner/context/plan-fault';
export {
  MAX_INPUT_BYTES,
  MAX_ITEMS,
  MAX_LEVELS,
  type ConcurrencyClaim,
  type PlanConfiguration,
  type Planned,
  type Planning,
  type PlanRequest,
  type Receipt,
  type RetryRule,
} from './lib/plan/plan-request';
export { onceSteps } from './lib/plan/once-steps';
export { ungatedEffects } from './lib/plan/ungated-effects';
export {
  parseScript,
  type SuppliedFacts,
  type Outcome as ScriptedOutcome,
  type ParsedScript,
  type Script,
} from './lib/simulation/script';
export { verdictInWords, type NodeClass, type SimulationReport } from './lib/simulation/report';
export type { ScriptFaultCode } from './lib/simulation/check-script';
export {
  simulate,
  type Assumption,
  type Simulated,
  type Simulation,
  type SimulationRequest,
} from './lib/simulation/simulate';
export { simulatePack, simulationJson, type PackSimulation } from './lib/operations/planning/simulate-pack';
export { graphOf, type GraphNode, type PlanGraph } from './lib/plan/plan-graph';
export { mermaidOf } from './lib/plan/graph-mermaid';
export { layoutGraph, type GraphBox, type GraphLayout } from './lib/plan/graph-layout';
export { svgOf } from './lib/plan/graph-svg';
export { diffLines, diffPlans, type PlanChange, type PlanDiff, type StepChange } from './lib/plan/diff-plans';
export {
  scenarioSchema,
  type Expectation as ScenarioExpectation,
  type Scenario,
  type ScenarioStatus,
} from './lib/simulation/scenario';
export {
  readScenarios,
  type FileFault,
  type ReadScenario,
  type ScenarioReading,
} from './lib/simulation/read-scenarios';
export type { ScenarioFaultCode } from './lib/simulation/scenario-fault';
export type { Difference as ScenarioDifference } from './lib/simulation/check-scenario';
export {
  isScenarioFile,
  runScenario,
  runScenarios,
  scenarioReportJson,
  type ScenarioOutcome,
  type ScenarioReport,
  type ScenarioResult,
} from './lib/operations/planning/run-scenario';
export {
  compareVersions,
  isPackName,
  isPackVersion,
  parsePackReference,
  printPackReference,
  type PackReference,
} from './lib/pack/pack-reference';
export {
  buildPackStatement,
  readPackSignature,
  signerOf,
  type PackPredicate,
  type PackSignature,
  type SignedPack,
} from './lib/evidence/statement/pack-signature';
export {
  UNMET_PARTS,
  unmetOfEnvironment,
  unmetOfRun,
  type StopCode,
  type Unmet,
  type UnmetPart,
  type WorkerMeans,
} from './lib/publisher/honour';
export {
  decidePackTrust,
  type PackTrust,
  type PackTrustCode,
  type PackTrustPolicy,
  type PackTrustRule,
  type PublisherKey,
} from './lib/publisher/pack-trust';
export { isOwnedBy, isVisibleTo } from './lib/publisher/visibility';
export {
  PackRegistry,
  type ArtifactName,
  type PackArchive,
  type PackArtifact,
  type PackFacts,
  type RegistryErrorCode,
} from './lib/ports/pack-registry';
export { PackVersions, type KnownVersion } from './lib/ports/pack-versions';
export { PackJudge } from './lib/operations/packs/pack-judge';
export {
  PackLibrary,
  PackLibraryError,
  type LibraryPack,
  type LibraryPlace,
  type PackLibraryCode,
  type RegistryMount,
} from './lib/operations/packs/pack-library';
export {
  embedInnerPacks,
  type EmbeddedSource,
  type InnerPackDependencies,
  type ResolvePack,
  type UsesOfPack,
} from './lib/operations/packs/inner-packs';
export { publishedUses } from './lib/operations/packs/published-uses';
export { PackOfStep } from './lib/operations/execution/pack-of-step';
