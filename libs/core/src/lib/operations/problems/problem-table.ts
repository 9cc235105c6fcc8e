import type { ProblemCode } from './problem-code';

/** The HTTP mapping of a code. */
interface ProblemEntry {
  readonly status: number;
  readonly title: string;
  /** Remedy. */
  readonly remediation: string;
  /** True if repeating the request may succeed later. */
  readonly retryable?: true;
  /** True if callers see the message of the refusal although its status is 500 or more: it has nothing that is not theirs. */
  readonly isDetailed?: true;
}

/** The single table from code to status, title and remedy. A new code without an entry does not compile. */
export const PROBLEMS: Readonly<Record<ProblemCode, ProblemEntry>> = {
  TOKEN_MISSING: {
    status: 401,
    title: 'The request has no token',
    remediation: 'Send a bearer token in the Authorization header.',
  },
  TOKEN_INVALID: {
    status: 401,
    title: 'The token is not valid',
    remediation: 'Get a new token from a configured issuer.',
  },
  TOKEN_BOUND: {
    status: 401,
    title: 'The token is bound to one decision',
    remediation: 'Use a token that is not bound to a decision.',
  },
  SCOPE_MISSING: {
    status: 403,
    title: 'The token lacks a scope',
    remediation: 'Get a token with the scope that the route requires.',
  },
  TENANT_MISMATCH: {
    status: 403,
    title: 'The token does not belong to the tenant',
    remediation: 'Use a tenant of the token, or omit the header.',
  },
  AUTHORITY_UNAVAILABLE: {
    status: 503,
    title: 'The keys of the issuer are not available',
    remediation: 'Try again later.',
    retryable: true,
  },
  BODY_UNREADABLE: {
    status: 400,
    title: 'The body cannot be read',
    remediation: 'Send JSON in UTF-8, without duplicate keys and with at most 100 levels.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    remediation: 'Send a smaller body. The detail states the limit.',
  },
  BODY_TIMEOUT: {
    status: 408,
    title: 'The body was not received in time',
    remediation: 'Send the request again without pauses. Upload large files to /api/uploads first.',
    retryable: true,
  },
  BODIES_BUSY: {
    status: 429,
    title: 'Too many large bodies are in progress',
    remediation: 'Try again after the time in Retry-After. Upload large files to /api/uploads first.',
    retryable: true,
  },
  BODY_READER_UNAVAILABLE: {
    status: 503,
    title: 'Large bodies cannot be read at the moment',
    remediation: 'Try again. If the error persists, contact the operator.',
    retryable: true,
  },
  BODY_MEDIA_TYPE: {
    status: 415,
    title: 'The media type of the body is not supported',
    remediation: 'Send application/json without compression.',
  },
  REQUEST_INVALID: {
    status: 422,
    title: 'The request is invalid',
    remediation: 'Correct the errors listed in `errors`.',
  },
  REQUEST_MALFORMED: {
    status: 400,
    title: 'The request is not valid HTTP',
    remediation:
      'Send an HTTP/1.1 request (RFC 9112) with one Host header. If a library or a proxy makes the request, check the URL and the headers that it sends.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The headers are too large',
    remediation:
      'Send at most 16 KiB of request line and headers. Look for a token with many claims, for cookies, and for a long query.',
  },
  HEADERS_TIMEOUT: {
    status: 408,
    title: 'The headers were not received in time',
    remediation: 'Send the request again without pauses. The operator sets http.headersTimeout.',
    retryable: true,
  },
  ROUTE_NOT_FOUND: { status: 404, title: 'The route does not exist', remediation: 'See /openapi.json.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The route does not support the method',
    remediation: 'Use one of the methods in the Allow header. See /openapi.json.',
  },
  CONSOLE_DISABLED: {
    status: 404,
    title: 'The console is disabled',
    remediation: 'Set console.enabled and console.issuer in the configuration of the webservice.',
  },
  CONSOLE_NOT_BUILT: {
    status: 404,
    title: 'The console is not installed',
    remediation: 'Build it with `npx nx build console`, or install a package of the webservice that contains it.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    title: 'No accepted media type is available',
    remediation: 'Accept one of the types listed in the detail, or omit the Accept header.',
  },
  STEP_NOT_FOUND: {
    status: 404,
    title: 'The run has no such step',
    remediation: 'Use an id from the list of steps. A step is listed after the run has reached it.',
  },
  TIMINGS_TOO_LARGE: {
    status: 422,
    title: 'The run is too large for a timeline',
    remediation: 'Read the list of steps instead, or ask the operator to raise http.timings.held.',
  },
  EVENTS_GONE: {
    status: 410,
    title: 'The events after this position are no longer stored',
    remediation: 'Read the lists again. Then continue after `head` of a page that was read without `after`.',
  },
  ARTIFACT_NOT_FOUND: {
    status: 404,
    title: 'The run has no such artifact',
    remediation: 'Use an artifactId from the list of artifacts.',
  },
  EVIDENCE_NOT_SEALED: {
    status: 409,
    title: 'The evidence is not sealed yet',
    remediation:
      'Wait until the run has ended and its evidence is sealed, and try again. Evidence that stays pending waits for a worker, the database or the object store: ask an operator.',
    retryable: true,
  },
  EVIDENCE_NOT_BLOCKED: {
    status: 409,
    title: 'The seal of the evidence is not blocked',
    remediation: 'Release evidence only if evidence.status of the run is blocked.',
  },
  RELEASE_PATH_INVALID: {
    status: 422,
    title: 'The path is not a file that can be withheld',
    remediation: 'Use the file paths listed in evidence.reason of the run.',
  },
  RATE_LIMITED: {
    status: 429,
    title: 'Too many requests',
    remediation: 'Try again after the time in Retry-After.',
    retryable: true,
  },
  STREAMS_TOO_MANY: {
    status: 429,
    title: 'Too many open streams',
    remediation:
      'Close streams that are not needed, or try again after the time in Retry-After. The operator sets http.streams.person, tenant and all.',
    retryable: true,
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'The database is unavailable',
    remediation:
      'Try again. If the error persists, the operator checks the database: its server, its connections and the space on its disk. The detail names the reason.',
    retryable: true,
  },
  AUDIT_CHAIN_ALTERED: {
    status: 503,
    title: 'The audit chain of the tenant was altered in the database',
    remediation:
      'Nothing was done. The operator finds the tenant in the log (event `alarm`) and restores its row of `audit_heads`. Then send the request again.',
  },
  INTERNAL: { status: 500, title: 'An internal error occurred', remediation: 'Report the traceId to the operator.' },

  PACK_INVALID: { status: 422, title: 'The pack is invalid', remediation: 'Correct the errors listed in `errors`.' },
  PLAN_INVALID: {
    status: 422,
    title: 'The pack cannot be planned',
    remediation: 'Correct the errors listed in `errors`.',
  },
  PLAN_LIMIT: {
    status: 422,
    title: 'Planning exceeds the time or memory limit of a pack',
    remediation:
      'Make the pack or its inputs smaller, or ask the operator to raise limits.planTime or limits.planMemory.',
  },
  PLANNER_BUSY: {
    status: 503,
    title: 'Too many packs are waiting to be planned, or the machine is busy',
    remediation: 'Try again in a few seconds.',
    retryable: true,
  },
  PLANNER_UNAVAILABLE: {
    status: 503,
    title: 'Packs cannot be planned at the moment',
    remediation: 'Try again. If the error persists, contact the operator.',
    retryable: true,
  },
  SEALED_UNENFORCEABLE: {
    status: 409,
    title: 'No worker can execute the run in sealed mode',
    remediation: 'Ask the operator for a worker on a machine with bubblewrap, user namespaces and seccomp.',
  },
  PLAN_HASH_MISMATCH: {
    status: 409,
    title: 'The plan does not match the given hash',
    remediation: 'Review the current plan.',
  },
  CONCURRENCY_GROUP_HELD: {
    status: 409,
    title: 'Another run holds the concurrency group',
    remediation: 'Submit the run again after the other run has ended, or cancel the other run.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The idempotency key was used with another body',
    remediation: 'Use a new key for a new request.',
  },
  IDEMPOTENCY_RUN_GONE: {
    status: 410,
    title: 'The run of the repeated request no longer exists',
    remediation:
      'Look for the evidence of that run. To run the pack again, send the request with a new idempotency key. If retention has not removed the run, inform the operator.',
  },

  PROFILE_MISMATCH: {
    status: 409,
    title: 'The profile does not match the given digest',
    remediation: 'Review the current profile.',
  },
  SCHEDULE_INVALID: {
    status: 422,
    title: 'The schedule is invalid',
    remediation: 'Correct the errors listed in `errors`.',
  },
  SCHEDULE_NOT_FOUND: {
    status: 404,
    title: 'The schedule does not exist',
    remediation: 'Check the id and the tenant.',
  },
  SCHEDULE_NAME_TAKEN: {
    status: 409,
    title: 'The name is already in use',
    remediation: 'Choose another name, or edit the schedule with this name.',
  },
  SCHEDULE_LIMIT: {
    status: 409,
    title: 'The tenant has reached its maximum number of schedules',
    remediation: 'Delete a schedule, or ask the operator to raise the limit.',
  },
  SCHEDULE_CHANGED: {
    status: 409,
    title: 'The schedule was edited in the meantime',
    remediation: 'Read the schedule again, then edit it.',
  },
  SCHEDULE_ALTERED: {
    status: 409,
    title: 'The schedule was altered in the database',
    remediation: 'Do not rely on the schedule. Inform the operator, delete it, and create it again.',
  },
  SCHEDULE_UNCONFIRMED: {
    status: 409,
    title: 'The schedule has stopped and its changes are not confirmed',
    remediation: 'Review the changes, then send the current planHash and profileDigest.',
  },
  PACK_UNTRUSTED: {
    status: 403,
    title: 'The pack has no signature of a trusted publisher',
    remediation: 'Have the pack signed by publishers that the trust policy lists.',
  },
  PACK_UNSIGNED: {
    status: 403,
    title: 'The pack is not signed',
    remediation: 'Publish the pack with a signature. Planning and simulation do not require one.',
  },
  PACK_SIGNATURE_INVALID: {
    status: 403,
    title: 'A signature of the pack is not valid',
    remediation: 'Have the publisher sign the pack again.',
  },
  PACK_DIGEST_MISMATCH: {
    status: 422,
    title: 'The pack was altered after it was published',
    remediation: 'Check who can write to the registry, and publish the pack again.',
  },
  PACK_ARTIFACT_INVALID: {
    status: 422,
    title: 'The artifact is not a pack',
    remediation: 'Publish the pack with `taskrunner pack push`.',
  },
  PACK_TOO_LARGE: {
    status: 413,
    title: 'The pack is too large',
    remediation: 'Remove files that the pack does not need.',
  },
  PACK_NOT_FOUND: {
    status: 404,
    title: 'The pack does not exist',
    remediation: 'Check the name and the version against the list of packs.',
  },
  PACK_VERSION_MOVED: {
    status: 409,
    title: 'The version was published earlier with other content',
    remediation: 'Versions are immutable. Publish a new version.',
  },
  PACK_PUBLISH_CLOSED: {
    status: 403,
    title: 'No registry accepts packs of this tenant',
    remediation: 'Ask the operator for a registry with publish: true.',
  },
  REGISTRY_UNAVAILABLE: {
    status: 503,
    title: 'The pack registry does not respond',
    remediation: 'Try again later.',
    retryable: true,
  },
  REGISTRY_DENIED: {
    status: 500,
    title: 'The pack registry denies access to this installation',
    remediation: 'Ask the operator to correct the registry credentials.',
  },
  REGISTRY_REFUSED: {
    status: 500,
    title: 'The pack registry redirects to another host',
    remediation: 'Contact the operator. Only configured hosts are contacted.',
  },
  REGISTRY_UNSUPPORTED: {
    status: 500,
    title: 'The pack registry does not support the operation',
    remediation: 'Use the name and version of the pack. If that fails too, contact the operator.',
  },

  RUN_NOT_FOUND: { status: 404, title: 'The run does not exist', remediation: 'Check the run id and the tenant.' },
  RUN_NOT_ENDED: {
    status: 409,
    title: 'The run has not ended',
    remediation: 'Wait until the run ends, or cancel it.',
  },
  RERUN_STEP_UNKNOWN: {
    status: 422,
    title: 'The plan has no such step',
    remediation: 'Use failed, start, or the id of a step in the graph of the run.',
  },
  RUN_NOT_YOURS: {
    status: 403,
    title: 'The run was started by another person',
    remediation: 'Ask an initiator of the run or an administrator.',
  },
  RUN_ENDED: {
    status: 409,
    title: 'The run has ended',
    remediation: 'No action is needed. An ended run accepts no decisions.',
  },
  INBOX_FULL: {
    status: 429,
    title: 'Too many messages are waiting for the run',
    remediation: 'Try again in a few seconds.',
    retryable: true,
  },

  GATE_NOT_FOUND: {
    status: 404,
    title: 'The run has no such gate',
    remediation: 'Use a gateId from the list of approvals.',
  },
  GATE_NOT_OPEN: {
    status: 409,
    title: 'The gate is not open yet',
    remediation: 'Wait until the run has reached the gate.',
    retryable: true,
  },
  GATE_DECIDED: {
    status: 409,
    title: 'The gate has already been decided',
    remediation: 'No action is needed. A gate is decided only once.',
  },
  GATE_EXPIRED: { status: 409, title: 'The time to decide has expired', remediation: 'Start the run again.' },
  GATE_STALE: {
    status: 409,
    title: 'The gate request has changed',
    remediation: 'Review the gate again, and decide on its current request.',
  },
  GATE_SELF_APPROVAL: {
    status: 403,
    title: 'Initiators of the run cannot decide',
    remediation: 'Ask a person who did not start the run.',
  },
  GATE_GRANT_MISSING: {
    status: 403,
    title: 'A required grant is missing',
    remediation: 'Ask a person with the grants that the gate requires.',
  },
  GATE_NOT_A_PERSON: { status: 403, title: 'Only people can decide', remediation: 'Sign in as a person.' },
  GATE_ALREADY_COUNTED: {
    status: 409,
    title: 'This person has already decided',
    remediation: 'No action is needed. Each person counts only once.',
  },
  GATE_NOT_APPROVED: {
    status: 409,
    title: 'There is no approval to withdraw',
    remediation: 'No action is needed. A person can withdraw only their own approval, while the gate is open.',
  },
  GATE_REASON_REQUIRED: { status: 422, title: 'A reason is required', remediation: 'Send a reason.' },
  GATE_RESPONSE_INVALID: {
    status: 422,
    title: 'The response does not match the form',
    remediation: 'Correct the errors listed in `errors`.',
  },
  GATE_TOKEN_MISMATCH: {
    status: 403,
    title: 'The proof is not valid for this decision',
    remediation: 'Get a token that is bound to this decision.',
  },
  GATE_AUTH_TOO_OLD: {
    status: 401,
    title: 'The last sign-in is too long ago',
    remediation: 'Sign in again, then decide.',
  },
  DELEGATION_INVALID: { status: 403, title: 'The delegation is not valid', remediation: 'Decide in your own name.' },
  ATTENTION_NOT_NEEDED: {
    status: 409,
    title: 'The step does not need attention',
    remediation: 'Resolve only steps with the status needs_attention.',
  },
  ATTENTION_STALE: {
    status: 409,
    title: 'Another execution needs attention',
    remediation: 'Read the step again, and send the execution that it shows.',
  },
  ATTENTION_RESOLVED: {
    status: 409,
    title: 'The execution has already been resolved',
    remediation: 'No action is needed. An execution is resolved only once.',
  },
  ATTENTION_OUTPUTS_INVALID: {
    status: 422,
    title: 'The outputs do not match the declaration of the step',
    remediation: 'Correct the errors listed in `errors`.',
  },
  DECISIONS_TOO_MANY: {
    status: 429,
    title: 'Too many decisions at the same time',
    remediation: 'Try again in a few seconds.',
    retryable: true,
  },

  OBJECT_MISSING: {
    status: 404,
    title: 'The content is not available',
    remediation:
      'The content was deleted (see the retention of the installation), or it was not stored because it contained a secret.',
  },
  OBJECT_TOO_LARGE: { status: 413, title: 'The object is too large', remediation: 'Send less data.' },
  DOCUMENT_ALTERED: {
    status: 409,
    title: 'A stored document was altered',
    remediation:
      'Do not rely on any data of this run. The operator finds the document and both digests in the log (event `alarm`), and restores the rows or starts the run again.',
  },
  JOURNAL_WITHHELD: {
    status: 410,
    title: 'The journal of the run was withheld',
    remediation:
      'The journal held a secret, so an operator left it out of the evidence, and its rows were deleted since. Read the statements and the other files of the evidence bundle: `steps.ndjson` lists the steps.',
  },
  OBJECT_DIGEST_MISMATCH: {
    status: 500,
    title: 'A stored object was altered',
    remediation: 'Contact the operator. The object store is damaged.',
    isDetailed: true,
  },
  OBJECT_RANGE: {
    status: 416,
    title: 'The range is outside the content',
    remediation: 'Request a range within the size of the content.',
  },
  OBJECT_STORE_UNAVAILABLE: {
    status: 503,
    title: 'The object store is unavailable, full or read-only',
    remediation: 'Try again later. If the error persists, contact the operator.',
    retryable: true,
  },
  OBJECT_STORE_REFUSED: {
    status: 503,
    title: 'The object store denies access',
    remediation: 'Ask the operator to correct the bucket, credentials or permissions of the object store.',
    retryable: true,
  },

  UPLOADS_FULL: {
    status: 429,
    title: 'The upload quota of the tenant is exhausted',
    remediation: 'Wait until earlier uploads expire, or ask the operator to raise artifacts.uploads.tenantBytes.',
    retryable: true,
  },
  UPLOAD_MISSING: {
    status: 422,
    title: 'The upload does not exist',
    remediation: 'Upload the file with POST /api/uploads, and submit again.',
  },
  ARCHIVE_INVALID: {
    status: 422,
    title: 'The uploaded pack is not an archive',
    remediation: 'Create it with tar (ustar, pax or GNU format; plain or gzip).',
  },
  ARCHIVE_UNSAFE: {
    status: 422,
    title: 'The uploaded pack contains unsupported entries',
    remediation: 'Include only regular files with plain relative paths, each one once.',
  },
  ARCHIVE_TOO_LARGE: {
    status: 422,
    title: 'The uploaded pack is too large',
    remediation: 'Remove files that are not needed.',
  },
};

/** True if the table knows the code. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
