export { AuditChainAltered, type AuditChainCode } from './audit-chain-altered';
export { ComparedJson } from './compared-json';
export {
  alarmOf,
  alterationText,
  compareEach,
  DocumentAltered,
  STORED_DOCUMENTS,
  type Alteration,
  type StoredDocumentCode,
} from './document-altered';
export { compareLaterRecords, compareResolution, type LaterRecord } from './later-records';
export { KnownDocuments, RunDocuments, type StoredTexts } from './run-documents';
export { KnownSignatures } from './known-signatures';
export { KnownAdmissions, type AdmissionColumns } from './stored-admission';
export { compareSchedule, ScheduleAltered, type ScheduleAlteration, type ScheduleAlteredCode } from './stored-schedule';
export { alteredPartOfTick, isRunOfSchedule, shownAlteredTick } from './stored-tick';
export { isStoredTime, isStoredTimeOrNull, shownTime } from './stored-time';
export { approvalsInForce, GateDocuments, type KnownGates, type StoredDecision } from './stored-gate';
