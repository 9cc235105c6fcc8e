import { chmod, lstat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { canEnter } from './os-account';
import type { OsAccount } from './os-account';
import { makeFolders } from '../files';

/**
 * A directory of this program (0755) that the server's account can enter, for a copy of the programs or the data. It is the first usable
 * one of: `preferred`, `/var/lib/taskrunner` (root) or `~/.cache/taskrunner`, a folder in the temporary directory. A folder that another
 * user owns or may write to is never used, because programs are started from it.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` if there is none
 */
export async function sharedDirectory(account: OsAccount, preferred?: string): Promise<string> {
  const own = process.getuid?.() ?? 0;
  const home = own === 0 ? '/var/lib/taskrunner' : join(homedir(), '.cache', 'taskrunner');
  const candidates = preferred ? [preferred] : [home, join(tmpdir(), `taskrunner-${own}`), `/tmp/taskrunner-${own}`];
  for (const directory of candidates) {
    if ((await isOurs(directory, own)) && (await canEnter(directory, account))) return directory;
  }
  throw new EmbeddedPostgresError(
    'DATABASE_START_FAILED',
    `no directory that ${account?.name ?? 'this user'} can enter: ${candidates.join(', ')}`,
    'move the installation and the data directory out of private (0700) folders, or make one of these folders accessible',
  );
}

async function isOurs(directory: string, own: number): Promise<boolean> {
  try {
    if (await makeFolders(directory, { mode: 0o755 })) await chmod(directory, 0o755);
    const found = await lstat(directory);
    return found.isDirectory() && found.uid === own && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
