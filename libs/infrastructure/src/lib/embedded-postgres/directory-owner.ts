import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bornAt, isAlive } from './process-table';

/** The exclusive right of this process to start and stop servers in one directory. */
export interface DirectoryOwner {
  release(): Promise<void>;
}

/** The process that owns a directory, as its `owner` file names it. */
export interface OwningProcess {
  readonly pid: number;
  /** The script that the process runs, absolute. Absent in files of earlier releases. */
  readonly program?: string;
  /** When it took the directory: RFC 3339, UTC. Absent in files of earlier releases. */
  readonly since?: string;
}

/**
 * Writes `owner` (process id, start time, program) into `directory`. Replaces a file whose process no longer lives.
 * @throws the error that `inUse` returns for the owner while the owner lives, also if the owner is this process
 */
export async function ownDirectory(directory: string, inUse: (owner: OwningProcess) => Error): Promise<DirectoryOwner> {
  const file = join(directory, 'owner');
  const draft = join(directory, `owner.${randomUUID()}`);
  const mine = JSON.stringify({
    pid: process.pid,
    born: await bornAt(process.pid),
    program: process.argv[1] ?? process.execPath,
    since: new Date().toISOString(),
  });
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

/** The living process that owns `directory`; null: none does. Changes nothing. */
export async function livingOwner(directory: string): Promise<OwningProcess | null> {
  const text = await readFile(join(directory, 'owner'), 'utf8').catch(() => '');
  const owner = parseOwner(text);
  return owner !== undefined && (await lives(owner)) ? owner : null;
}

/** The owner in an error message. */
export function describeOwner({ pid, program, since }: OwningProcess): string {
  return `process ${pid}${program === undefined ? '' : ` (${program})`}${since === undefined ? '' : `, since ${since},`}`;
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

async function evictDeadOwner(file: string, inUse: (owner: OwningProcess) => Error): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const owner = parseOwner(text);
  if (owner && (await lives(owner))) throw inUse(owner);
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => undefined);
  const taken = await readFile(aside, 'utf8').catch(() => text);
  // Another process has replaced the file first: its file is put back.
  if (taken !== text) await linked(aside, file);
  await rm(aside, { force: true });
}

type RecordedOwner = OwningProcess & { readonly born?: string };

/** A process whose id was reused is another process. */
async function lives({ pid, born }: RecordedOwner): Promise<boolean> {
  return (await isAlive(pid)) && (await bornAt(pid)) === born;
}

function parseOwner(text: string): RecordedOwner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<RecordedOwner>;
    return typeof owner.pid === 'number' ? { ...owner, pid: owner.pid } : undefined;
  } catch {
    return undefined;
  }
}
