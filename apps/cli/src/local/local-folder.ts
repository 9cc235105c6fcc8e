import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Run } from '@taskrunner/client';
import { canonical } from '@taskrunner/core/canonical';
import { isRunId, type Json } from '@taskrunner/core/foundation';
import { discardDatabase, livingOwner } from '@taskrunner/infrastructure/embedded-postgres';
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

/** What is recorded of a run that has not ended, beside its database. It is replaced whenever the run changes. */
export interface RunFacts {
  /** Null: the run was not submitted yet. */
  readonly runId: string | null;
  /** The pack as the command line named it; a path is absolute. */
  readonly pack: string;
  /** Grants that the pack asks for. */
  readonly grants: readonly string[];
  /** False: the pack does not ask for sealed mode, so this machine need not have it. Absent: it may. */
  readonly isSealed?: boolean;
  /** The settings that the run was started with. Absent: an earlier version started it. */
  readonly settings?: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Of the API of the process that executed it last. Null: it has not started. */
  readonly socket: string | null;
  /** True: the run is kept after its end. */
  readonly keep: boolean;
  /** Where its evidence is written, absolute. Null or absent: `<run>.evidence.tar` in the working directory. */
  readonly evidence?: string | null;
  /** The run as the API answered it last. Null: not yet. */
  readonly run: Run | null;
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

/** The record of a run, in its folder. */
export const RECORD = 'run.json';
/** The address of a socket has room for 107 bytes (unix(7)), and that of the health routes is 7 longer. */
const SOCKET_BYTES = 100;

/** The folder of this user's data, which may not exist. */
export function localFolderOf(env: Variables): LocalFolder {
  const path = resolve(dataFolder(env));
  return { path, identity: join(path, 'identity'), runs: join(path, 'runs') };
}

/** The trust file for evidence of the local Authority. */
export function localTrustFile({ identity }: LocalFolder): string {
  return join(identity, 'trust.json');
}

/** The data folder of TaskRunner (XDG Base Directory Specification). A relative `XDG_DATA_HOME` is invalid and is ignored. */
function dataFolder(env: Variables): string {
  const base = env['XDG_DATA_HOME'];
  const home = env['HOME'] ?? homedir();
  return join(base?.startsWith('/') ? base : join(home, '.local', 'share'), 'taskrunner');
}

/** Creates the folder for this account only, unless it exists. */
export async function openLocalFolder(env: Variables): Promise<LocalFolder> {
  const folder = localFolderOf(env);
  // PostgreSQL does not run as root, so another account must be able to traverse the folder then.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  for (const one of [folder.path, folder.runs]) {
    await makeFolders(one, { mode });
    await chmod(one, mode);
  }
  return folder;
}

/** A draft is of a process that was killed, if it is older than this, milliseconds. */
const UNFINISHED_MS = 86_400_000;
/** The same for a folder without a record whose database no living process owns. A start owns it within a second. */
const UNOWNED_MS = 60_000;

/** Folders of runs that have not ended have such a name. Folders of kept runs have the id of their run. */
const LIVE = /^[0-9a-f]{8}$/;
/** Folders that are being written have such a name. */
const DRAFT = /\.new$/;

/** Deletes what killed processes have left: starts, drafts, and the databases of runs whose archive is complete. */
async function sweepUnfinished({ runs }: LocalFolder): Promise<void> {
  const names = await readdir(runs);
  const archives = new Set<string>(names.filter((name) => isRunId(name)));
  for (const name of names) {
    const path = join(runs, name);
    const isOlder = async (ms: number): Promise<boolean> => Date.now() - (await stat(path)).mtimeMs > ms;
    if (DRAFT.test(name) && (await isOlder(UNFINISHED_MS))) await rm(path, { recursive: true, force: true });
    if (!LIVE.test(name)) continue;
    const folder = runFolderAt(path);
    const facts = await readFacts(folder);
    const isArchived = facts !== null && facts.runId !== null && archives.has(facts.runId);
    // A record that cannot be read may be of a run that can be resumed.
    const isOfNoRun = !existsSync(join(path, RECORD)) && (await isOlder(UNOWNED_MS));
    if ((isOfNoRun || isArchived) && (await livingOwner(folder.storage)) === null) await removeRunFolder(folder);
  }
}

/** A new folder for a run. */
export async function makeRunFolder(local: LocalFolder): Promise<RunFolder> {
  const { runs } = local;
  await sweepUnfinished(local);
  const folder = runFolderAt(join(runs, randomBytes(4).toString('hex')));
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  await makeFolders(folder.path, { mode });
  // The probe of the sandbox looks for it, while the database is opened.
  await makeFolders(folder.storage, { mode });
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
  return readJsonFile<RunFacts>(join(path, RECORD));
}

export async function writeFacts({ path }: RunFolder, facts: RunFacts): Promise<void> {
  await replaceFile(join(path, RECORD), canonical(facts as unknown as Json));
}

/** A run that has not ended. */
export interface LiveRun {
  readonly folder: RunFolder;
  readonly facts: RunFacts;
  readonly runId: string;
}

/** The runs that have not ended, newest first. `names`: those in the folder of the runs. */
export async function liveRuns(runs: string, names: readonly string[]): Promise<readonly LiveRun[]> {
  const archives = new Set<string>(names.filter((name) => isRunId(name)));
  const found: LiveRun[] = [];
  for (const name of names.filter((one) => LIVE.test(one))) {
    const folder = runFolderAt(join(runs, name));
    const facts = await readFacts(folder);
    if (facts === null || facts.runId === null || archives.has(facts.runId)) continue;
    found.push({ folder, facts, runId: facts.runId });
  }
  return found.sort((a, b) => (a.runId < b.runId ? 1 : -1));
}

/** Deletes the folder of a run with its database. It disappears from the list of runs first. */
export async function removeRunFolder({ path, storage }: RunFolder): Promise<void> {
  await rm(join(path, RECORD), { force: true });
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
