import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { birthOf } from '../supervisor-process/process-table';
import { removeTree } from './workspace';

const NAME = /^(?<pid>[0-9]+)-(?<birth>[0-9]+)-(?<host>.+)$/;

/** Parent of the folders of all workers with this `sandbox.workDirectory`. */
const foldersIn = (workDirectory: string): string => join(workDirectory, 'workers');

/**
 * Private folder of this worker: `<workDirectory>/workers/<process id>-<start time>-<host>`. Workers may share a work directory, so the
 * name identifies the owning process. The folder is not created.
 */
export function ownFolder(workDirectory: string): string {
  return join(foldersIn(workDirectory), `${process.pid}-${birthOf(process.pid) ?? 0}-${hostname()}`);
}

/**
 * Removes the folders of workers of this host that have ended. Folders of other hosts remain, because their workers cannot be checked from
 * here.
 * @returns the number of removed folders
 */
export async function sweepFolders(workDirectory: string): Promise<number> {
  const folders = foldersIn(workDirectory);
  const left = (await readdir(folders).catch(() => [])).filter(hasEnded);
  for (const name of left) await removeTree(join(folders, name));
  // Earlier releases kept shared content of all workers here.
  for (const shared of ['runs', 'pipes']) await removeTree(join(workDirectory, shared));
  return left.length;
}

function hasEnded(name: string): boolean {
  const { pid, birth, host } = NAME.exec(name)?.groups ?? {};
  return host === hostname() && !lives(Number(pid), birth);
}

function lives(pid: number, birth: string | undefined): boolean {
  if (existsSync('/proc/self/stat')) return birthOf(pid) === birth;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
