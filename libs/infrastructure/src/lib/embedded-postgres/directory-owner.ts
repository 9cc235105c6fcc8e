import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { bornAt, isAlive } from './process-table';

/** The right of this process to start and stop the server of one directory. */
export interface DirectoryOwner {
  release(): Promise<void>;
}

/**
 * Writes `owner` (process id and birth) into `directory`. A file left by a process that no longer lives is replaced: its
 * server is an orphan, to be reclaimed. PostgreSQL's own lock file remains the last word against two servers.
 * @throws EmbeddedPostgresError `DATABASE_IN_USE` while the owner lives, also when that is this very process.
 */
export async function ownDirectory(directory: string): Promise<DirectoryOwner> {
  const file = join(directory, 'owner');
  const draft = join(directory, `owner.${randomUUID()}`);
  const mine = JSON.stringify({ pid: process.pid, born: await bornAt(process.pid) });
  await writeFile(draft, mine, { flag: 'wx', mode: 0o600 });
  try {
    while (!(await linked(draft, file))) await evictDeadOwner(file, directory);
  } finally {
    await rm(draft, { force: true });
  }
  return {
    async release() {
      if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true });
    },
  };
}

/** Makes `file` a second name of `draft` unless it exists: the one atomic step. */
async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function evictDeadOwner(file: string, directory: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const owner = parseOwner(text);
  if (owner && (await isAlive(owner.pid)) && (await bornAt(owner.pid)) === owner.born) {
    throw new EmbeddedPostgresError(
      'DATABASE_IN_USE',
      `process ${owner.pid} is running the database in ${directory}`,
      'stop that process, connect to its database by database.url, or choose another data directory',
    );
  }
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => undefined);
  const taken = await readFile(aside, 'utf8').catch(() => text);
  // Another process was quicker and already stands there: it gets its place back.
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
