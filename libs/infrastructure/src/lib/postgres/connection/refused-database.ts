import { isCodedError } from '@taskrunner/core/foundation';
import { DatabaseError, type DatabaseErrorCode } from './database-error';
import { outageOf } from './database-outage';
import { failureOf } from './sql-state';

/** A database, and the role that the work needs. */
export interface Connecting {
  /** May contain a password, which no error message includes. */
  readonly url: string;
  readonly role: 'owner' | 'maintain' | 'web' | 'worker';
}

/**
 * Runs work on a database. Errors of the server or of the connection are thrown as a `DatabaseError` that names the database. Other errors
 * are rethrown, including those of our own statements, which are bugs.
 * @throws DatabaseError
 */
export async function namingRefusals<Result>(connecting: Connecting, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw refusedDatabase(error, connecting) ?? error;
  }
}

/** Maps a connection error to a `DatabaseError`; null for other errors, including those that already have a code. */
function refusedDatabase(error: unknown, { url, role }: Connecting): DatabaseError | null {
  if (isCodedError(error) || isOfFile(error)) return null;
  const code = codeOf(error);
  if (code === null) return null;
  const place = placeOf(url);
  const what = code === 'DATABASE_UNAVAILABLE' ? unavailable(place, error) : WHAT[code](place);
  return new DatabaseError(code, `${what}: ${messageOf(error)}`, REMEDIES[code](role), [], { cause: error });
}

function unavailable(place: string, error: unknown): string {
  return failureOf(error) === 'again' ? `${place} is unavailable, ${outageOf(error)}` : `${place} does not respond`;
}

/** Formats a database URL without password and parameters, except the folder of a socket. */
export function placeOf(url: string): string {
  const { username, hostname, port, pathname, searchParams } = new URL(url);
  const socket = searchParams.get('host');
  const user = username === '' ? '' : `${username}@`;
  return `postgresql://${user}${hostname}${port === '' ? '' : `:${port}`}${pathname}${socket === null ? '' : `?host=${socket}`}`;
}

type Refusal = Exclude<DatabaseErrorCode, 'DB_KEYS_DIFFER' | 'DB_ROLE_UNSAFE' | 'DB_SCHEMA_NEWER' | 'DB_RUN_UNKNOWN'>;

const WHAT: { readonly [Code in Exclude<Refusal, 'DATABASE_UNAVAILABLE'>]: (place: string) => string } = {
  DB_ANSWER_UNREADABLE: (place) => `an answer of ${place} cannot be read`,
  DB_BUSY: (place) => `${place} is busy`,
  DB_DENIED: (place) => `${place} denies a permission`,
  DB_LOGIN_REFUSED: (place) => `${place} does not accept the login`,
  DB_MISSING: (place) => `${place} does not exist`,
  DB_SERVER_FAULT: (place) => `the server of ${place} is damaged`,
  DB_TLS: (place) => `the connection to ${place} cannot be secured`,
  DB_UNSAFE: (place) => `${place} is read-only`,
  DB_SCHEMA_BEHIND: (place) => `${place} is not migrated to this release`,
};

const REMEDIES: { readonly [Code in Refusal]: (role: string) => string } = {
  DATABASE_UNAVAILABLE: () =>
    'Check that PostgreSQL runs, has free connections and space, and can be reached at this address (`database` in the configuration). Then try again.',
  DB_ANSWER_UNREADABLE: () =>
    'Somebody has stored a value that is too large. Find its row with octet_length() of the columns, and delete the value or restore it from a backup.',
  DB_BUSY: () => 'Try again. If the error persists, end the session that holds the lock (see pg_stat_activity).',
  DB_DENIED: (role) =>
    `Connect as taskrunner_${role}. docker/postgres/10-roles.sh and \`taskrunner migrate\` grant its rights.`,
  DB_LOGIN_REFUSED: (role) =>
    `Check the password of taskrunner_${role} (database.${role}PasswordFile, or database.${role}Url) and pg_hba.conf of the server.`,
  DB_MISSING: () =>
    'Check the name. To create the database and its roles, run docker/postgres/10-roles.sh, then `taskrunner migrate`.',
  DB_SERVER_FAULT: () => 'Read the log of the server. Restore the database from a backup if its data is damaged.',
  DB_TLS: () =>
    'Check sslmode and sslrootcert of the URL, and the certificate of the server. They are parameters of the URL of the role.',
  DB_UNSAFE: () => 'Connect to the primary.',
  DB_SCHEMA_BEHIND: () => 'Run `taskrunner migrate` with the owner role, then try again.',
};

/** SQLSTATE (PostgreSQL, appendix A). */
const STATES: readonly (readonly [RegExp, Refusal])[] = [
  [/^28/, 'DB_LOGIN_REFUSED'],
  [/^3D000$/, 'DB_MISSING'],
  [/^42501$/, 'DB_DENIED'],
  [/^(3F000|42P01|42883|42703)$/, 'DB_SCHEMA_BEHIND'],
  [/^25006$/, 'DB_UNSAFE'],
  [/^(55P03|57014|40001|40P01)$/, 'DB_BUSY'],
  [/^(58|XX|F0)/, 'DB_SERVER_FAULT'],
];
/** Node's codes of certificate errors. */
const CERTIFICATE = /CERT|^ERR_(TLS|SSL)_|^UNABLE_TO_|^HOSTNAME_MISMATCH$/;
const NO_TLS = /does not support SSL|there was an error establishing an SSL connection/i;
/** Error of the driver if it has no password to send. */
const NO_PASSWORD = /client password must be a/i;

function codeOf(error: unknown): Refusal | null {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === 'string') {
    if (code === 'DB_ANSWER_UNREADABLE') return code;
    // A file that the server cannot open has the code of a missing right.
    if (code === '42501' && failureOf(error) === 'again') return 'DATABASE_UNAVAILABLE';
    const known = STATES.find(([state]) => code.length === 5 && state.test(code));
    if (known) return known[1];
    if (CERTIFICATE.test(code)) return 'DB_TLS';
  }
  if (typeof message === 'string') {
    if (NO_TLS.test(message)) return 'DB_TLS';
    if (NO_PASSWORD.test(message)) return 'DB_LOGIN_REFUSED';
  }
  // Any failure to open a socket, including permissions of its folder.
  if ((error as { readonly syscall?: unknown }).syscall === 'connect') return 'DATABASE_UNAVAILABLE';
  const failure = failureOf(error);
  return failure === 'lost' || failure === 'again' ? 'DATABASE_UNAVAILABLE' : null;
}

/** File errors have a path. Socket errors have an address, whatever their code. */
function isOfFile(error: unknown): boolean {
  return typeof (error as { readonly path?: unknown }).path === 'string';
}

/** A host name with several addresses fails with an aggregate error that has no message of its own. */
function messageOf(error: unknown): string {
  const { errors } = error as { readonly errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
