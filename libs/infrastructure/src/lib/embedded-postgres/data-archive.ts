import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { homeOf } from './data-place';
import { spawnOptions, type OsAccount } from './os-account';

const execute = promisify(execFile);

/** As the superuser's password is named beside the data. */
const PASSWORD = 'password';

/** True if this machine has the program that packs and unpacks. */
export function canUnpack(): boolean {
  return spawnOptions(undefined)
    .env.PATH.split(':')
    .some((folder) => existsSync(join(folder, 'tar')));
}

/** Writes the data directory of a stopped database, and the password of its superuser, to a compressed archive. */
export async function packData(dataDirectory: string, archive: string): Promise<void> {
  const pgdata = join(await homeOf(dataDirectory), 'pgdata');
  await execute('tar', ['-c', '-z', '-f', archive, '-C', pgdata, '.', '-C', dataDirectory, PASSWORD]);
}

/**
 * Makes a data directory from an archive of `packData`, which the account of the server owns. Returns the password of the superuser, which everyone
 * who has the archive knows. `onStarted`: called when another process unpacks.
 */
export async function unpackData(
  archive: string,
  to: string,
  account: OsAccount,
  onStarted: () => void,
): Promise<string> {
  await mkdir(to, { mode: 0o700 });
  if (account) await chown(to, account.uid, account.gid);
  const file = await open(archive, 'r');
  try {
    // The account of the server may not be able to open the archive, so it gets it as its input.
    const tar = spawn('tar', ['-x', '-z', '-f', '-', '-C', to], {
      ...spawnOptions(account),
      stdio: [file.fd, 'ignore', 'pipe'],
    });
    const ended = once(tar, 'close') as Promise<[code: number | null]>;
    let said = '';
    tar.stderr?.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(0, 1_000)));
    onStarted();
    const [code] = await ended;
    if (code !== 0) throw new Error(`${archive} cannot be unpacked: ${said.trim() || `exit code ${code}`}`);
  } finally {
    await file.close();
  }
  await chmod(to, 0o700);
  const kept = join(to, PASSWORD);
  const password = (await readFile(kept, 'utf8')).trim();
  await rm(kept);
  return password;
}
