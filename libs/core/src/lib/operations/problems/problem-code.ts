import type { ObjectStoreErrorCode, PlannerErrorCode, RegistryErrorCode } from '../../ports';
import type { AuditChainCode, ScheduleAlteredCode, StoredDocumentCode } from '../../stored';
import type { ReleaseCode } from '../evidence/release-evidence';
import type { DecisionCode } from '../gates/decision-error';
import type { UploadCode } from '../objects/upload-room';
import type { PackLibraryCode } from '../packs/pack-library';
import type { ScheduleCode } from '../schedules/schedule-error';
import type { CancelRunCode } from '../submission/cancel-run';
import type { RerunRunCode } from '../submission/rerun-run';
import type { SubmitRunCode } from '../submission/submit-run-error';

/** Codes of the HTTP layer itself. */
export type ApiCode =
  | 'TOKEN_MISSING'
  | 'TOKEN_INVALID'
  /** A token that is bound to one decision, on another route. */
  | 'TOKEN_BOUND'
  | 'SCOPE_MISSING'
  | 'TENANT_MISMATCH'
  | 'AUTHORITY_UNAVAILABLE'
  | 'BODY_UNREADABLE'
  | 'BODY_TOO_LARGE'
  | 'BODY_MEDIA_TYPE'
  | 'BODY_TIMEOUT'
  /** The limit for large bodies in progress is reached, in all or for the tenant. */
  | 'BODIES_BUSY'
  | 'BODY_READER_UNAVAILABLE'
  | 'REQUEST_INVALID'
  /** Refused by the HTTP parser, before there is a route. */
  | 'REQUEST_MALFORMED'
  | 'HEADERS_TOO_LARGE'
  | 'HEADERS_TIMEOUT'
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  /** The console is off, or its files are not there. */
  | 'CONSOLE_DISABLED'
  | 'CONSOLE_NOT_BUILT'
  | 'NOT_ACCEPTABLE'
  | 'STEP_NOT_FOUND'
  /** A timeline of the run would need more memory than it may have. */
  | 'TIMINGS_TOO_LARGE'
  /** The position is older than what is kept of the feed, or was not given by it. */
  | 'EVENTS_GONE'
  | 'ARTIFACT_NOT_FOUND'
  | 'EVIDENCE_NOT_SEALED'
  /** An uploaded pack is not an archive, contains unsupported entries, or is too large. */
  | 'ARCHIVE_INVALID'
  | 'ARCHIVE_UNSAFE'
  | 'ARCHIVE_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'STREAMS_TOO_MANY'
  | 'DATABASE_UNAVAILABLE'
  | 'INTERNAL';

/** All top-level codes of problems. Codes below `errors` belong to the layers that find the faults. */
export type ProblemCode =
  | ApiCode
  | SubmitRunCode
  | DecisionCode
  | CancelRunCode
  | RerunRunCode
  | ReleaseCode
  | ScheduleCode
  | StoredDocumentCode
  /** Its journal was withheld, and its rows were deleted. */
  | 'JOURNAL_WITHHELD'
  | AuditChainCode
  | ScheduleAlteredCode
  | ObjectStoreErrorCode
  | PackLibraryCode
  | PlannerErrorCode
  | RegistryErrorCode
  | UploadCode;
