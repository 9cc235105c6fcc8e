export { RefusalTally, type RefusedRequest } from './callers/refusal-tally';
export type { DriverDependencies } from './claimed-run/driver-dependencies';
export type { FanOut } from './claimed-run/fan-out';
export type { Honouring } from './claimed-run/honouring';
export { openRun, type OpenedRun } from './claimed-run/open-run';
export type { Refusal } from './claimed-run/refusal';
export type { ProviderFailure, SecretDependencies } from './claimed-run/run-secrets';
export { Slots } from './claimed-run/slots';
export type { Announcing } from './delivery/announce';
export { deliverDue, type DeliverDependencies, type Delivery } from './delivery/deliver-exports';
export { deliverWebhook, type DeliverWebhookDependencies } from './delivery/deliver-webhook';
export {
  destinationOf,
  exportedFile,
  ExportError,
  exportEvidence,
  exportRefusal,
  type ExportDependencies,
} from './delivery/export-evidence';
export { RunDriver, type Driven } from './driver/drive-run';
export { AssignmentDriver } from './driver/fan-out/drive-assignment';
export { forecastRuns, type Forecast } from './driver/forecast-runs';
export { partsOf, unmetOf } from './driver/honour-run';
export { attestRun, type AttestDependencies, type Attested } from './evidence/attest-run';
export { KeyAttestor } from './evidence/key-attestor';
export { ReleaseError, ReleaseEvidence, type ReleaseCode } from './evidence/release-evidence';
export { SignCheckpoints } from './evidence/sign-checkpoints';
export { trustedRecords, trustedRelease } from './evidence/trusted-records';
export { DecideApproval, explainAbsentGate } from './gates/decide-approval';
export { objectionTo } from './gates/decision-checks';
export { DecisionError, type DecisionCode } from './gates/decision-error';
export type { ApproverKeys, BoundToken } from './gates/decision-proof';
export { approversLeft } from './gates/approvers-left';
export { judgedVerdict, overriddenVerdict, policyOfGate } from './gates/describe-gate';
export { inAuthoredOrder } from './packs/authored-forms';
export { formOf, gateNodeOf, gatesOf, recordsOf, requestOf } from './gates/gate-view';
export { suggestedReason } from './gates/suggested-reason';
export { responseFaults } from './gates/response-faults';
export { ResolveAttention } from './gates/resolve-attention';
export { collectObjects, type CollectDependencies } from './objects/collect-objects';
export { compareStore, type StoreDifference } from './objects/compare-store';
export { ObjectStoreHealth, type StoreOutage } from './objects/object-store-health';
export { StoreUpload } from './objects/store-upload';
export type { UploadCode } from './objects/upload-room';
export { embedInnerPacks, type ResolvePack, type UsesOfPack } from './packs/inner-packs';
export { assumedFor } from './packs/assumed-installation';
export { PackJudge } from './packs/pack-judge';
export {
  PackLibrary,
  PackLibraryError,
  type LibraryPack,
  type LibraryPlace,
  type PackLibraryCode,
  type RegistryMount,
} from './packs/pack-library';
export {
  checkPack,
  packFilesOf,
  packSourceOf,
  planPack,
  type PackSource,
  type PackFile as PackSourceFile,
  type PlanningSetting,
  reviewPack,
} from './packs/pack-source';
export { publishedUses } from './packs/published-uses';
export { plannedContents } from './packs/stored-contents';
export { resolveFileInputs, type ResolvedFileInputs } from './planning/file-inputs';
export { PackPlanner } from './planning/pack-planner';
export { signersOf } from './planning/pack-signers';
export {
  PlannerHere,
  planningContextOf,
  planningDependencies,
  workOf,
  type PlanningContext,
  type PlanningWork,
} from './planning/planning-work';
export { admittedPack, storedPack } from './planning/replan-run';
export { isScenarioFile, runScenarios, scenarioReportJson, type ScenarioReport } from './planning/run-scenario';
export { simulatePack, simulationJson } from './planning/simulate-pack';
export { packInputs, toSuppliedInputs, weighsLess, type SentInputs } from './planning/supplied-inputs';
export { ComparedGates } from './retention/compared-gates';
export { ComparedLogStore } from './retention/compared-log-store';
export { ComparedRuns, isMarked } from './retention/compared-runs';
export { JournaledRuns } from './retention/journaled-runs';
export { RunSteps } from './steps/run-steps';
export { ArchivedJournals, ArchivedLogStore, archivedStatements } from './retention/archived-run';
export {
  KeepSchedules,
  type ScheduleEdit,
  type ScheduleExpectation,
  type WantedSchedule,
} from './schedules/keep-schedules';
export { SignedSchedules } from './schedules/signed-schedules';
export { RunDueTicks, type TickReport } from './schedules/run-due-ticks';
export { ScheduleError, scheduleNotFound, ScheduleUnconfirmed, type ScheduleCode } from './schedules/schedule-error';
export { explainCode, explainedCodes, type ExplainedCode } from './problems/explain-code';
export type { ApiCode, ProblemCode } from './problems/problem-code';
export { isProblemCode, PROBLEMS } from './problems/problem-table';
export type { RerunLink } from './submission/admission-record';
export { CancelRun, CancelRunError, type CancelRunCode } from './submission/cancel-run';
export { ReplayedRuns } from './submission/replayed-runs';
export { RerunRun, RerunRunError, type RerunRunCode } from './submission/rerun-run';
export type { Idempotency } from './submission/submission';
export { SubmitRun, type Submitted } from './submission/submit-run';
export { invalidPack, PlanHashMismatch, SubmitRunError, type SubmitRunCode } from './submission/submit-run-error';
export { abortable } from './work/abortable';
export { AskingPause, IdlePause, pause } from './work/pause';
export { SerialQueue } from './work/serial-queue';
