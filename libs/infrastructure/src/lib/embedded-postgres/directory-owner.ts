import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bornAt, isAlive } from './process-table';

/** The exclusive right of this process to start and stop servers in one directory. */
export interface DirectoryOwner {
  release(): Promise<void>;
}

/**
 * Writes `owner` (process id and start time) into `directory`. Replaces a file whose process no longer lives.
 * @throws the error that `inUse` returns for the owner's process id while the owner lives, also if the owner is this process
 */
export async function ownDirectory(directory: string, inUse: (pid: number) => Error): Promise<DirectoryOwner> {
  const file = join(directory, 'owner');
  const draft = join(directory, `owner.${randomUUID()}`);
  const mine = JSON.stringify({ pid: process.pid, born: await bornAt(process.pid) });
  await writeFile(draft, mine, { flag: 'wx', mode: 0o600 });
  try {
    while (!(await linked(draft, file))) await evictDeadOwner(file, inUse);
  } finally {
    await rm(draft, { force: true });
  }
  return {
    async release() {
      if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true });
    },
  };
}

/** Links `file` to `draft` unless `file` exists. This is the only atomic step. */
async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function evictDeadOwner(file: string, inUse: (pid: number) => Error): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const owner = parseOwner(text);
  if (owner && (await isAlive(owner.pid)) && (await bornAt(owner.pid)) === owner.born) throw inUse(owner.pid);
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => undefined);
  const taken = await readFile(aside, 'utf8').catch(() => text);
  // Another process has replaced the file first: its file is put back.
  if (taken !== text) await linked(aside, file);
  await rm(aside, { force: true });
}

function parseOwner(text: string): { pid: number; born?: string } | undefined {
  try {
    const owner = JSON.parse(text) as { pid?: unknown; born?: string };
    return typeof owner.pid === 'number' ? { ...owner, pid: owner.pid } : undefined;
  } catch {
    return undefined;
  }
}
