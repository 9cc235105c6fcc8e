import { mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refusal } from './object-store-error';

/** Makes the folder and the missing ones above it; each is entered in its parent durably. */
export async function makeDurableFolder(path: string): Promise<void> {
  const topmost = await mkdir(path, { recursive: true, mode: 0o700 });
  if (topmost === undefined) return;
  for (let folder = path; ; folder = dirname(folder)) {
    await syncFolder(dirname(folder));
    if (folder === topmost || folder === dirname(folder)) return;
  }
}

/** Removes a file, if it is there. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
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

const UNAVAILABLE = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'ESTALE', 'EMFILE', 'ENFILE', 'ETIMEDOUT', 'EBUSY']);
const REFUSED = new Set(['EACCES', 'EPERM']);

/** Throws an error of the file system as what it means for an object store; others as they are. */
export function told(error: unknown): never {
  const code = codeOf(error);
  if (code !== null && UNAVAILABLE.has(code))
    throw refusal('OBJECT_STORE_UNAVAILABLE', `the folder of objects fails (${code})`, error);
  if (code !== null && REFUSED.has(code))
    throw refusal('OBJECT_STORE_REFUSED', `the folder of objects refuses (${code})`, error);
  throw error;
}

export function codeOf(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
