import { chmod, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { discardDatabase } from '@taskrunner/infrastructure/embedded-postgres';
import { makeFolders } from '@taskrunner/infrastructure/files';
import { readJsonFile, replaceFile } from '../dev/state-directory';

type Variables = Readonly<Record<string, string | undefined>>;

/** The folder of this user's data for runs without a server. */
export interface LocalFolder {
  readonly path: string;
  /** Keys of the local Authority and of its signers, and the trust file for their evidence. */
  readonly identity: string;
  /** A folder for each run. */
  readonly runs: string;
}

/** What is recorded of a run beside its database. */
export interface RunFacts {
  /** Null: the run was not submitted yet. */
  readonly runId: string | null;
  /** The pack as the command line named it; a path is absolute. */
  readonly pack: string;
  /** Grants that the pack asks for. */
  readonly grants: readonly string[];
  /** RFC 3339. */
  readonly startedAt: string;
  /** True: the folder stays after the end. */
  readonly keep: boolean;
  /** True: the run has ended and its evidence was written. */
  readonly isOver: boolean;
}

/** The folder of one run. */
export interface RunFolder {
  readonly path: string;
  /** The storage folder of the database. */
  readonly storage: string;
  readonly objects: string;
  readonly work: string;
  readonly log: string;
}

/** The address of a socket has room for 107 bytes (unix(7)), and that of the health routes is 7 longer. */
const SOCKET_BYTES = 100;

/** The data folder of TaskRunner (XDG Base Directory Specification). A relative `XDG_DATA_HOME` is invalid and is ignored. */
function dataFolder(env: Variables): string {
  const base = env['XDG_DATA_HOME'];
  const home = env['HOME'] ?? homedir();
  return join(base?.startsWith('/') ? base : join(home, '.local', 'share'), 'taskrunner');
}

/** Creates the folder for this account only, unless it exists. */
export async function openLocalFolder(env: Variables): Promise<LocalFolder> {
  const path = resolve(dataFolder(env));
  // PostgreSQL does not run as root, so another account must be able to traverse the folder then.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  const folder = { path, identity: join(path, 'identity'), runs: join(path, 'runs') };
  for (const one of [folder.path, folder.runs]) {
    await makeFolders(one, { mode });
    await chmod(one, mode);
  }
  return folder;
}

/** A folder without a record is of a start that was killed, if it is older than this, milliseconds. */
const UNFINISHED_MS = 86_400_000;

/** Deletes what killed starts have left. */
async function sweepUnfinished({ runs }: LocalFolder): Promise<void> {
  for (const name of await readdir(runs)) {
    const folder = runFolderAt(join(runs, name));
    const age = Date.now() - (await stat(folder.path)).mtimeMs;
    if (age > UNFINISHED_MS && (await readFacts(folder)) === null) await removeRunFolder(folder);
  }
}

/** A new folder for a run. */
export async function makeRunFolder(local: LocalFolder): Promise<RunFolder> {
  const { runs } = local;
  await sweepUnfinished(local);
  const folder = runFolderAt(join(runs, randomBytes(4).toString('hex')));
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  await makeFolders(folder.path, { mode });
  await makeFolders(folder.objects, { mode: 0o700 });
  await makeFolders(folder.work, { mode: 0o711 });
  return folder;
}

function runFolderAt(path: string): RunFolder {
  const inside = (name: string) => join(path, name);
  return {
    path,
    storage: inside('storage'),
    objects: inside('objects'),
    work: inside('work'),
    log: inside('services.log'),
  };
}

/** The socket of the API: in the folder of the run, or in a private folder for temporary files if the path would be too long for an address. */
export async function socketOf({ path }: RunFolder): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const socket = join(path, 'api.sock');
  if (Buffer.byteLength(socket) <= SOCKET_BYTES)
    return {
      path: socket,
      remove: () => rm(socket, { force: true }).then(() => rm(`${socket}.health`, { force: true })),
    };
  const folder = await mkdtemp(join(tmpdir(), 'taskrunner-'));
  return { path: join(folder, 'api.sock'), remove: () => rm(folder, { recursive: true, force: true }) };
}

export async function readFacts({ path }: RunFolder): Promise<RunFacts | null> {
  return readJsonFile<RunFacts>(join(path, 'run.json'));
}

export async function writeFacts({ path }: RunFolder, facts: RunFacts): Promise<void> {
  await replaceFile(join(path, 'run.json'), `${JSON.stringify(facts, null, 2)}\n`);
}

/** The folders of all runs that were recorded, newest first. */
export async function recordedRuns({
  runs,
}: LocalFolder): Promise<readonly { readonly folder: RunFolder; readonly facts: RunFacts }[]> {
  const found: { folder: RunFolder; facts: RunFacts }[] = [];
  for (const name of await readdir(runs)) {
    const folder = runFolderAt(join(runs, name));
    const facts = await readFacts(folder);
    if (facts !== null) found.push({ folder, facts });
  }
  return found.sort((a, b) => b.facts.startedAt.localeCompare(a.facts.startedAt));
}

/** Deletes the folder of a run with its database. It disappears from the list of runs first. */
export async function removeRunFolder({ path, storage }: RunFolder): Promise<void> {
  await rm(join(path, 'run.json'), { force: true });
  await discardDatabase(join(storage, 'database'));
  await rm(path, { recursive: true, force: true });
}

/** Moves a finished draft to its place. False: another process was first. */
export async function claimPlace(draft: string, place: string): Promise<boolean> {
  try {
    await rename(draft, place);
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    await rm(draft, { recursive: true, force: true });
    return false;
  }
}
