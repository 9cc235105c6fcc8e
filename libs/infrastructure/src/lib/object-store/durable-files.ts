import { mkdir, open } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { refusal } from './object-store-error';

/**
 * Creates the folder and missing ones between it and `root`. `root` itself is never created: if it is missing, it was moved or is not
 * mounted, and files written to a substitute would be lost or in the way. `made` receives the parent of each created folder.
 */
export async function makeFolderBelow(
  root: string,
  path: string,
  made: (parent: string) => Promise<void> = async () => undefined,
): Promise<void> {
  let folder = root;
  for (const name of relative(root, path).split(sep)) {
    const parent = folder;
    folder = join(parent, name);
    if (await makeFolder(folder)) await made(parent);
  }
}

/** Does the same, and makes each new folder durable in its parent. */
export function makeDurableFolderBelow(root: string, path: string): Promise<void> {
  return makeFolderBelow(root, path, syncFolder);
}

/** Creates a folder. False if it already exists. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** File system errors that mean that the whole folder is unavailable, full, read-only or broken, with a description. */
const UNAVAILABLE = new Map([
  ['ENOSPC', 'is full'],
  ['EDQUOT', 'is full: its quota is exhausted'],
  ['EROFS', 'is read-only'],
  ['EACCES', 'cannot be read or written by this user'],
  ['EPERM', 'cannot be read or written by this user'],
  ['EEXIST', 'is a file'],
  ['EIO', 'cannot be read or written'],
  ['ESTALE', 'is away'],
  ['ENODEV', 'is away'],
  ['ENXIO', 'is away'],
  ['ENOTCONN', 'is away'],
  ['EHOSTDOWN', 'is away'],
  ['ETIMEDOUT', 'does not answer'],
  ['EBUSY', 'is busy'],
  ['EMFILE', 'cannot be opened: too many files are open'],
  ['ENFILE', 'cannot be opened: too many files are open'],
]);

/** Converts a file system error into an object store error; other errors are rethrown. */
export function throwStoreError(error: unknown): never {
  const code = codeOf(error);
  const what = code === null ? undefined : UNAVAILABLE.get(code);
  if (what === undefined) throw error;
  throw refusal('OBJECT_STORE_UNAVAILABLE', `the folder of the object store ${what} (${code})`, error);
}

/** Converts a file system error likewise. A missing file or folder means that the store itself is missing. */
export function throwOrAway(error: unknown): never {
  if (isMissing(error)) throw away(error);
  return throwStoreError(error);
}

/** Creates the error for a missing folder of a store, or of a part of its layout. */
export function away(cause?: unknown): Error {
  return refusal('OBJECT_STORE_UNAVAILABLE', 'the folder of the object store does not exist', cause);
}

export function codeOf(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
