import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ownDirectory, type DirectoryOwner } from '@taskrunner/infrastructure/embedded-postgres';
import { DevError } from './dev-error';
import { makeFolders } from '@taskrunner/infrastructure/files';

/** The folder of a development stack and its layout. */
export interface StateDirectory {
  readonly path: string;
  /** Of the embedded database. */
  readonly database: string;
  /** Storage folder of `--storage file`. */
  readonly storage: string;
  /** Object store. */
  readonly objects: string;
  /** Workspaces of steps. */
  readonly work: string;
  readonly keys: string;
  /** Keys and machine secrets of the development Authority. */
  readonly authority: string;
  /** Compiled code of the processes (Node.js 22.1 and later). Only this account may write to it, because its contents are executed. */
  readonly compiled: string;
  readonly logs: string;
  readonly configuration: string;
  readonly trust: string;
  /** Ports of the last start, so that addresses stay the same if possible. */
  readonly ports: string;
}

/**
 * Creates the folder for this account only, unless it exists. Each kind of storage has an object store of its own: two databases with one store
 * would delete the objects of each other.
 */
export async function openStateDirectory(
  path: string,
  { storage }: { readonly storage: 'server' | 'file' } = { storage: 'server' },
): Promise<StateDirectory> {
  const root = resolve(path);
  const inside = (name: string) => join(root, name);
  const directory: StateDirectory = {
    path: root,
    database: inside('database'),
    storage: inside('storage'),
    objects: inside(storage === 'file' ? 'storage-objects' : 'objects'),
    work: inside('work'),
    keys: inside('keys'),
    authority: inside('authority'),
    compiled: inside('compiled'),
    logs: inside('logs'),
    configuration: inside('task-runner.yaml'),
    trust: inside('trust.json'),
    ports: inside('ports.json'),
  };
  // The embedded database may belong to another account (root starts it under one), which must be able to traverse the folder.
  await makeFolders(root, { mode: 0o711 });
  for (const folder of [directory.objects, directory.keys, directory.authority, directory.compiled, directory.logs]) {
    await makeFolders(folder, { mode: 0o700 });
    await chmod(folder, 0o700);
  }
  await makeFolders(directory.work, { mode: 0o711 });
  return directory;
}

/** An exclusive lock for running a stack in the folder, until it is released or this process ends. Throws `DEV_ALREADY_RUNS`. */
export async function ownStateDirectory({ path }: StateDirectory): Promise<DirectoryOwner> {
  return ownDirectory(
    path,
    ({ pid }) =>
      new DevError(
        'DEV_ALREADY_RUNS',
        `process ${pid} runs a stack in ${path}`,
        'Use that stack, stop it with Ctrl-C, or choose another folder with --keep-data.',
      ),
  );
}

/** Writes a file atomically. */
export async function replaceFile(path: string, content: string, mode = 0o600): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, content, { mode });
  await rename(draft, path);
}

/** A JSON file; null if it is missing or unreadable. */
export async function readJsonFile<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return null;
  }
}
