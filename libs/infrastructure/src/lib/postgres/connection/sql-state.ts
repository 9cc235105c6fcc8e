/** The meaning of a failed statement for its caller. */
export type Failure =
  /** Not executed, or rolled back: repeat it. */
  | 'again'
  /** The answer was lost: it may have been committed. */
  | 'lost'
  /** The database refuses the data itself, or this process cannot read it. */
  | 'data'
  /** Anything else: a fault of the installation or of the program. */
  | 'fault';

const AGAIN = /^(40001|40P01|55P03|57014|25006|53...)$/;
const LOST = /^08...$/;
const DATA = /^(21|22|23|54)...$/;
/** An answer that the driver cannot read (`GuardedClient`). */
const UNREADABLE = 'DB_ANSWER_UNREADABLE';
const NETWORK = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const DRIVER =
  /connection terminated|timeout (?:exceeded|expired)|connection error|not queryable|query read timeout|client was closed/i;

/** SQLSTATE of a missing right, and of a file that the server cannot open. Only the text tells them apart. */
const DENIED = '42501';
const OF_FILE = /^could not .*: (?:Permission denied|Read-only file system|Operation not permitted)$/;

/**
 * Classifies the SQLSTATE (PostgreSQL, appendix A) or the driver's error. A terminated backend (57P0x) may have committed before it
 * reported; it counts as lost.
 */
export function failureOf(error: unknown): Failure {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') {
    if (NETWORK.has(code) || LOST.test(code) || code.startsWith('57P0')) return 'lost';
    if (AGAIN.test(code)) return 'again';
    if (DATA.test(code) || code === UNREADABLE) return 'data';
    // The disk of the server is read-only. It is the same for every statement, and passes.
    if (code === DENIED && typeof message === 'string' && OF_FILE.test(message)) return 'again';
  }
  if (typeof message === 'string' && DRIVER.test(message)) return 'lost';
  return 'fault';
}

/** True for a violation of a unique key. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown }).code === '23505';
}

/** True if a lock was not available in time. */
export function isLockTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === '55P03';
}

/** True if the inbox of a run has a message at the position, or with the key, that another one was to get. */
export function isInboxTaken(error: unknown): boolean {
  const { constraint } = error as { constraint?: unknown };
  return isDuplicate(error) && typeof constraint === 'string' && constraint.startsWith('inbox_');
}

/** True if a counter in a row could not be increased. The counter of an audit chain is another thing: `isAuditBroken`. */
export function isCounterAtEnd(error: unknown): boolean {
  return (error as { code?: unknown }).code === '22003' && !isAuditBroken(error);
}

/** True if an entry could not be appended to an audit chain: there is one with its number, or no number is left. */
export function isAuditBroken(error: unknown): boolean {
  const { code, constraint, where } = error as { code?: unknown; constraint?: unknown; where?: unknown };
  if (code === '23505') return constraint === 'audit_pkey';
  return code === '22003' && typeof where === 'string' && where.includes('append_audit');
}

/**
 * True if the database refuses a statement that this release always sends: permissions were revoked, a table was changed. Every retry would
 * fail too.
 */
export function isDatabaseFault(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && failureOf(error) === 'fault';
}
