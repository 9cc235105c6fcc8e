import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-postgres-error';

const execute = promisify(execFile);

/** The operating-system account that runs the server. `undefined`: the caller's own account. */
export type OsAccount = { readonly name: string; readonly uid: number; readonly gid: number } | undefined;

const candidates = ['postgres', '_postgres', 'nobody'];

/**
 * Selects the account. PostgreSQL refuses to run as root, so root uses an existing unprivileged account: `postgres`, otherwise `nobody`. No
 * account is ever created. Any other user runs the server under their own account.
 */
export async function chooseAccount(): Promise<OsAccount> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of candidates) {
    const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)]);
    if (uid !== undefined && gid !== undefined && uid !== 0) return { name, uid, gid };
  }
  throw new EmbeddedPostgresError(
    'DATABASE_START_FAILED',
    `PostgreSQL does not run as root, and none of the accounts ${candidates.join(', ')} exists`,
    'run as a regular user, add an account named postgres, or set database.url to another server',
  );
}

/** Options of `spawn` to run a program as `account`: its ids, a working directory that everyone can enter, and no inherited secrets. */
export function spawnOptions(account: OsAccount) {
  return {
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', LANG: 'C', TZ: 'UTC' },
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  };
}

/** True if `account` can enter `directory`. The kernel decides, so every parent folder and access list counts. */
export async function canEnter(directory: string, account: OsAccount): Promise<boolean> {
  try {
    if (account === undefined) await access(directory, constants.X_OK);
    else await execute('/bin/sh', ['-c', 'cd "$0"', directory], spawnOptions(account));
    return true;
  } catch {
    return false;
  }
}

async function idOf(flag: '-u' | '-g', name: string): Promise<number | undefined> {
  try {
    return Number((await execute('id', [flag, name])).stdout.trim());
  } catch {
    return undefined;
  }
}
