import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { spawnOptions, type OsAccount } from './os-account';
import type { ServerPrograms } from './server-programs';

const execute = promisify(execFile);

/** Beside the data of an original: a copy that is on the disk and that nobody uses. */
const SPARE = 'spare';
/** A draft that is older was left by a process that was killed, milliseconds. */
const DRAFT_MS = 3_600_000;

/** Moves the spare copy in `home` to `target`. Of several processes one gets it. False: there is none, or it is on another file system. */
export async function takeSpare(home: string, target: string): Promise<boolean> {
  try {
    await rename(join(home, SPARE), target);
    return true;
  } catch (error) {
    if (['ENOENT', 'EXDEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Makes the spare copy of the data in `home`, unless there is one. */
export async function makeSpare(home: string, account: OsAccount, programs: ServerPrograms): Promise<void> {
  const names = await readdir(home);
  for (const name of names.filter((one) => one.startsWith(`${SPARE}.`))) {
    const path = join(home, name);
    if (Date.now() - (await stat(path)).mtimeMs > DRAFT_MS) await rm(path, { recursive: true, force: true });
  }
  if (names.includes(SPARE)) return;
  const draft = join(home, `${SPARE}.${randomUUID()}`);
  try {
    await copyFiles(join(home, 'pgdata'), draft);
    await syncCluster(draft, account, programs);
    await rename(draft, join(home, SPARE));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was first.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Owners and modes are preserved, because the server may run under another account. */
export async function copyFiles(from: string, to: string): Promise<void> {
  await execute('cp', ['-a', from, to]);
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes every file of a data directory to the disk. A running server writes its own changes itself; files that it removes are skipped. */
export async function syncCluster(pgdata: string, account: OsAccount, programs: ServerPrograms): Promise<void> {
  await execute(join(programs.binDirectory, 'initdb'), ['--sync-only', `--pgdata=${pgdata}`], spawnOptions(account));
}
