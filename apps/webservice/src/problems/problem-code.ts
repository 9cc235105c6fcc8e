import type {
  CancelRunCode,
  DecisionCode,
  PackLibraryCode,
  ReleaseCode,
  RerunRunCode,
  ScheduleCode,
  SubmitRunCode,
  UploadCode,
} from '@taskrunner/core/operations';
import type { ObjectStoreErrorCode, PlannerErrorCode, RegistryErrorCode } from '@taskrunner/core/ports';
import type { StoredDocumentCode } from '@taskrunner/core/stored';

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
  | ObjectStoreErrorCode
  | PackLibraryCode
  | PlannerErrorCode
  | RegistryErrorCode
  | UploadCode;
