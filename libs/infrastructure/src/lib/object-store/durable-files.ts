import { mkdir, open } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { refusal } from './object-store-error';

/**
 * Makes the folder and the missing ones between it and `root`, which itself is never made: where that is missing it was moved away or is not
 * mounted, and what is written to another one in its place would be lost, or stand in its way. `made` gets the parent of each that was made.
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

/** The same; each is entered in its parent durably. */
export function makeDurableFolderBelow(root: string, path: string): Promise<void> {
  return makeFolderBelow(root, path, syncFolder);
}

/** False if it is there already. */
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

/** Errors of a file system by which the folder as a whole is away, full, read-only or broken; why, in words. */
const UNAVAILABLE = new Map([
  ['ENOSPC', 'is full'],
  ['EDQUOT', 'is full: its quota is used up'],
  ['EROFS', 'is read-only'],
  ['EACCES', 'may not be written or read by this user'],
  ['EPERM', 'may not be written or read by this user'],
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

/** Throws an error of the file system as what it means for an object store; others as they are. */
export function throwStoreError(error: unknown): never {
  const code = codeOf(error);
  const what = code === null ? undefined : UNAVAILABLE.get(code);
  if (what === undefined) throw error;
  throw refusal('OBJECT_STORE_UNAVAILABLE', `the folder of objects ${what} (${code})`, error);
}

/** The same where what is missing is a folder of the store itself. */
export function throwOrAway(error: unknown): never {
  if (isMissing(error)) throw away(error);
  return throwStoreError(error);
}

/** The folder of a store, or the inside of it, is not there. */
export function away(cause?: unknown): Error {
  return refusal('OBJECT_STORE_UNAVAILABLE', 'the folder of objects is not there', cause);
}

export function codeOf(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
