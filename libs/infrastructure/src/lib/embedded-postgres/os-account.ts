import { execFile } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
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
    const ids = await idsOf(name);
    if (ids !== undefined && ids.uid !== 0) return { name, ...ids };
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

/** From the file of accounts, which costs no child, or as the system finds accounts that are not in it. */
async function idsOf(name: string): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  // passwd(5): name, password, user id, group id.
  const line = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm');
  const [, uid, gid] = line.exec(await readFile('/etc/passwd', 'utf8').catch(() => '')) ?? [];
  if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  return askedIds(name);
}

/** `id` without options prints both, such as `uid=26(postgres) gid=26(postgres) groups=26(postgres)` (POSIX). */
async function askedIds(name: string): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  try {
    const { stdout } = await execute('id', [name]);
    const [, uid, gid] = /^uid=(\d+)\S* gid=(\d+)/.exec(stdout) ?? [];
    return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}
