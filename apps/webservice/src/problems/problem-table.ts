import type { ProblemCode } from './problem-code';

/** What a code means in HTTP. */
export interface ProblemEntry {
  readonly status: number;
  readonly title: string;
  /** What to do. */
  readonly remediation: string;
  /** True if the same request may succeed later. */
  readonly retryable?: true;
}

/** The one table from code to status, title and remedy: a new code without an entry does not compile. */
export const PROBLEMS: Readonly<Record<ProblemCode, ProblemEntry>> = {
  TOKEN_MISSING: {
    status: 401,
    title: 'No token was given',
    remediation: 'Send a bearer token in the Authorization header.',
  },
  TOKEN_INVALID: {
    status: 401,
    title: 'The token is not accepted',
    remediation: 'Get a new token from a configured issuer.',
  },
  TOKEN_BOUND: { status: 401, title: 'The token is bound to one decision', remediation: 'Use an ordinary token here.' },
  SCOPE_MISSING: {
    status: 403,
    title: 'The token lacks a scope',
    remediation: 'Get a token with the scope that the route asks for.',
  },
  TENANT_MISMATCH: {
    status: 403,
    title: 'The token is not one of this tenant',
    remediation: 'Name a tenant of the token, or leave the header out.',
  },
  AUTHORITY_UNAVAILABLE: {
    status: 503,
    title: 'The keys of the issuer cannot be had',
    remediation: 'Try again later.',
    retryable: true,
  },
  BODY_UNREADABLE: {
    status: 400,
    title: 'The body cannot be read',
    remediation: 'Send JSON: UTF-8, no duplicate keys, at most 100 levels.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    remediation: 'Send less; see the limit in the detail.',
  },
  BODY_TIMEOUT: {
    status: 408,
    title: 'The body did not come in time',
    remediation: 'Send it again, at once and whole; large files go to /api/uploads first.',
    retryable: true,
  },
  BODIES_BUSY: {
    status: 429,
    title: 'Too many large bodies are in work',
    remediation: 'Try again after the time in Retry-After; large files go to /api/uploads first.',
    retryable: true,
  },
  BODY_READER_UNAVAILABLE: {
    status: 503,
    title: 'Large bodies cannot be read just now',
    remediation: 'Try again; tell the operator if it stays so.',
    retryable: true,
  },
  BODY_MEDIA_TYPE: {
    status: 415,
    title: 'The body has another media type',
    remediation: 'Send application/json, not compressed.',
  },
  REQUEST_INVALID: {
    status: 422,
    title: 'The request has faults',
    remediation: 'Correct what is listed under errors.',
  },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route', remediation: 'See /openapi.json.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The route does not have this method',
    remediation: 'Use one of the methods in the header Allow; see /openapi.json.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    title: 'The answer has no media type that is accepted',
    remediation: 'Accept one of the types that the detail names, or send no Accept.',
  },
  STEP_NOT_FOUND: {
    status: 404,
    title: 'The run has no such step',
    remediation: 'Use an id from the list of steps; steps appear when they are reached.',
  },
  ARTIFACT_NOT_FOUND: {
    status: 404,
    title: 'The run has no such artifact',
    remediation: 'Use an artifactId from the list of artifacts.',
  },
  EVIDENCE_NOT_SEALED: {
    status: 409,
    title: 'The evidence is not sealed yet',
    remediation: 'Wait until the run has ended, and try again.',
    retryable: true,
  },
  EVIDENCE_NOT_BLOCKED: {
    status: 409,
    title: 'The seal of the evidence is not blocked',
    remediation: 'Release evidence only where evidence.status of the run is blocked.',
  },
  RELEASE_PATH_INVALID: {
    status: 422,
    title: 'The path names no file that can be withheld',
    remediation: 'Name files of the bundle as evidence.reason of the run does.',
  },
  RATE_LIMITED: {
    status: 429,
    title: 'Too many requests',
    remediation: 'Try again after the time in Retry-After.',
    retryable: true,
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'The database does not answer',
    remediation: 'Try again.',
    retryable: true,
  },
  INTERNAL: { status: 500, title: 'Something went wrong here', remediation: 'Report the traceId to the operator.' },

  PACK_INVALID: { status: 422, title: 'The pack has faults', remediation: 'Correct what is listed under errors.' },
  PLAN_INVALID: {
    status: 422,
    title: 'The pack cannot be planned',
    remediation: 'Correct what is listed under errors.',
  },
  PLAN_LIMIT: {
    status: 422,
    title: 'Planning takes more time or memory than a pack may have',
    remediation: 'Make the pack or its inputs smaller, or ask the operator to raise the limit.',
  },
  PLANNER_BUSY: {
    status: 503,
    title: 'Too many packs wait to be planned',
    remediation: 'Try again in a few seconds.',
    retryable: true,
  },
  PLANNER_UNAVAILABLE: {
    status: 503,
    title: 'Packs cannot be planned just now',
    remediation: 'Try again; tell the operator if it stays so.',
    retryable: true,
  },
  SEALED_UNENFORCEABLE: {
    status: 409,
    title: 'No worker can seal the run',
    remediation: 'Ask the operator for a worker on a machine with bubblewrap, user namespaces and seccomp.',
  },
  PLAN_HASH_MISMATCH: {
    status: 409,
    title: 'The plan differs from the hash given',
    remediation: 'Look at the plan as it is now.',
  },
  CONCURRENCY_GROUP_HELD: {
    status: 409,
    title: 'Another run holds the concurrency group',
    remediation: 'Submit the run again when that one has ended, or cancel that one.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The idempotency key came with another body',
    remediation: 'Take a new key for a new request.',
  },

  PROFILE_MISMATCH: {
    status: 409,
    title: 'The environment differs from the digest given',
    remediation: 'Look at the profile as it is now.',
  },
  SCHEDULE_INVALID: {
    status: 422,
    title: 'The schedule has faults',
    remediation: 'Correct what is listed under errors.',
  },
  SCHEDULE_NOT_FOUND: {
    status: 404,
    title: 'There is no such schedule',
    remediation: 'Check the id and the tenant.',
  },
  SCHEDULE_NAME_TAKEN: {
    status: 409,
    title: 'The name is taken',
    remediation: 'Take another name, or edit the schedule that has it.',
  },
  SCHEDULE_LIMIT: {
    status: 409,
    title: 'The tenant has as many schedules as it may have',
    remediation: 'Remove one, or ask the operator for more.',
  },
  SCHEDULE_CHANGED: {
    status: 409,
    title: 'Somebody else edited the schedule',
    remediation: 'Read it again, then edit it.',
  },
  SCHEDULE_UNCONFIRMED: {
    status: 409,
    title: 'The schedule stopped, and nobody confirmed what it would run now',
    remediation: 'Look at what changed, then send planHash and profileDigest as they are now.',
  },
  PACK_UNTRUSTED: {
    status: 403,
    title: 'Nobody who is trusted stands behind the pack',
    remediation: 'Have it signed by publishers that the trust policy names.',
  },
  PACK_UNSIGNED: {
    status: 403,
    title: 'The pack is not signed',
    remediation: 'Publish it signed; it may be planned and simulated without.',
  },
  PACK_SIGNATURE_INVALID: {
    status: 403,
    title: 'A signature of the pack does not hold',
    remediation: 'Have the pack signed again by its publisher.',
  },
  PACK_DIGEST_MISMATCH: {
    status: 422,
    title: 'The pack was altered after it was published',
    remediation: 'Look who can write to the registry, and publish the pack again.',
  },
  PACK_ARTIFACT_INVALID: {
    status: 422,
    title: 'What is published there is no pack',
    remediation: 'Publish the pack with `taskrunner pack push`.',
  },
  PACK_TOO_LARGE: { status: 413, title: 'The pack is too large', remediation: 'Leave out what it does not need.' },
  PACK_NOT_FOUND: {
    status: 404,
    title: 'There is no such pack',
    remediation: 'Check name and version; see the list of packs.',
  },
  PACK_VERSION_MOVED: {
    status: 409,
    title: 'The version has had another content before',
    remediation: 'A version never changes: publish a new one.',
  },
  PACK_PUBLISH_CLOSED: {
    status: 403,
    title: 'No registry takes packs of this tenant',
    remediation: 'Ask the operator for a registry with publish: true.',
  },
  REGISTRY_UNAVAILABLE: {
    status: 503,
    title: 'The registry of packs does not answer',
    remediation: 'Try again later.',
    retryable: true,
  },
  REGISTRY_DENIED: {
    status: 500,
    title: 'The registry of packs does not let this installation in',
    remediation: 'Tell the operator: the credentials of the registry are wrong.',
  },
  REGISTRY_REFUSED: {
    status: 500,
    title: 'The registry of packs points to another host',
    remediation: 'Tell the operator: only configured hosts are asked.',
  },
  REGISTRY_UNSUPPORTED: {
    status: 500,
    title: 'The registry of packs cannot do that',
    remediation: 'Name the pack by name and version; tell the operator if that fails too.',
  },

  RUN_NOT_FOUND: { status: 404, title: 'There is no such run', remediation: 'Check the run id and the tenant.' },
  RUN_NOT_ENDED: {
    status: 409,
    title: 'The run has not ended',
    remediation: 'Wait for its end, or cancel it.',
  },
  RERUN_STEP_UNKNOWN: {
    status: 422,
    title: 'The plan has no such step',
    remediation: 'Give failed, start, or the id of a step in the graph of the run.',
  },
  RUN_NOT_YOURS: {
    status: 403,
    title: 'The run was started by somebody else',
    remediation: 'Ask an initiator or an administrator.',
  },
  RUN_ENDED: { status: 409, title: 'The run has ended', remediation: 'Nothing is left to decide.' },
  INBOX_FULL: {
    status: 429,
    title: 'Too many letters wait for the run',
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
    remediation: 'Wait until the run has reached it.',
    retryable: true,
  },
  GATE_DECIDED: { status: 409, title: 'The gate is decided', remediation: 'Nothing: a gate is decided once.' },
  GATE_EXPIRED: { status: 409, title: 'The time to decide is over', remediation: 'Start the run again.' },
  GATE_STALE: {
    status: 409,
    title: 'The gate shows something else',
    remediation: 'Look at the gate again and decide on what it shows.',
  },
  GATE_SELF_APPROVAL: {
    status: 403,
    title: 'Initiators do not decide',
    remediation: 'Ask somebody who did not start the run.',
  },
  GATE_GRANT_MISSING: {
    status: 403,
    title: 'A grant is missing',
    remediation: 'Ask somebody with the grants that the gate names.',
  },
  GATE_NOT_A_PERSON: { status: 403, title: 'Only people decide', remediation: 'Sign in as a person.' },
  GATE_ALREADY_COUNTED: { status: 409, title: 'This person has decided already', remediation: 'A person counts once.' },
  GATE_REASON_REQUIRED: { status: 422, title: 'A reason is required', remediation: 'Give a reason.' },
  GATE_RESPONSE_INVALID: {
    status: 422,
    title: 'The response does not fit the form',
    remediation: 'Correct what is listed under errors.',
  },
  GATE_TOKEN_MISMATCH: {
    status: 403,
    title: 'The proof is not one for this decision',
    remediation: 'Get a token bound to exactly this decision.',
  },
  GATE_AUTH_TOO_OLD: {
    status: 401,
    title: 'The last sign-in is too long ago',
    remediation: 'Sign in again and decide then.',
  },
  DELEGATION_INVALID: { status: 403, title: 'There is no delegation for this', remediation: 'Decide for yourself.' },
  ATTENTION_NOT_NEEDED: {
    status: 409,
    title: 'The step needs no attention',
    remediation: 'Resolve only steps with the status needs_attention.',
  },
  ATTENTION_STALE: {
    status: 409,
    title: 'Another execution needs attention',
    remediation: 'Look at the step again and name the execution that it shows.',
  },
  ATTENTION_RESOLVED: {
    status: 409,
    title: 'The execution is resolved',
    remediation: 'Nothing: an execution is resolved once.',
  },
  ATTENTION_OUTPUTS_INVALID: {
    status: 422,
    title: 'The outputs are not what the step declares',
    remediation: 'Correct what is listed under errors.',
  },
  DECISIONS_TOO_MANY: {
    status: 429,
    title: 'Too many decisions at once',
    remediation: 'Try again in a moment.',
    retryable: true,
  },

  OBJECT_MISSING: {
    status: 404,
    title: 'The bytes are gone',
    remediation: 'They were deleted (see the retention of the installation), or never stored: they held a secret.',
  },
  OBJECT_TOO_LARGE: { status: 413, title: 'Too many bytes', remediation: 'Send less.' },
  DOCUMENT_ALTERED: {
    status: 409,
    title: 'A stored document was altered',
    remediation:
      'Act on nothing that this run has shown. An operator finds the document and both digests in the log (event `alarm`), and restores the rows or starts the run again.',
  },
  OBJECT_DIGEST_MISMATCH: {
    status: 500,
    title: 'Stored bytes were altered',
    remediation: 'Tell the operator: the object store is damaged.',
  },
  OBJECT_RANGE: { status: 416, title: 'The range lies outside', remediation: 'Ask for a range within the size.' },
  OBJECT_STORE_UNAVAILABLE: {
    status: 503,
    title: 'The object store is away, full or read-only',
    remediation: 'Try again later; tell the operator if it stays so.',
    retryable: true,
  },
  OBJECT_STORE_REFUSED: {
    status: 503,
    title: 'The object store refuses us',
    remediation: 'Tell the operator: bucket, credentials or rights of the object store are wrong.',
    retryable: true,
  },

  UPLOADS_FULL: {
    status: 429,
    title: 'The tenant has no room left for uploads',
    remediation: 'Wait until earlier uploads expire, or say the size of this one in Content-Length.',
    retryable: true,
  },
  UPLOAD_MISSING: {
    status: 422,
    title: 'There is no such upload',
    remediation: 'Upload it with POST /api/uploads and submit again.',
  },
  ARCHIVE_INVALID: {
    status: 422,
    title: 'The uploaded pack is no archive',
    remediation: 'Make it with tar (ustar, pax or GNU format; plain or gzip).',
  },
  ARCHIVE_UNSAFE: {
    status: 422,
    title: 'The uploaded pack holds what is not unpacked',
    remediation: 'Keep to regular files under plain relative names, each once.',
  },
  ARCHIVE_TOO_LARGE: {
    status: 422,
    title: 'The uploaded pack is too large',
    remediation: 'Leave out files that are not needed.',
  },
};

/** True if the table knows the code. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
