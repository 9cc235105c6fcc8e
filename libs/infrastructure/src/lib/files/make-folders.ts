import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Creates a folder and its missing parents. Resolves to the first folder that was created, undefined if there was none to create. Rejects with
 * the error of the file system. The recursive `mkdir` of Node.js never ends in a file system such as /proc, where the parent exists and nothing
 * can be created: each attempt fails with ENOENT, and it tries again.
 */
export async function makeFolders(
  path: string,
  { mode = 0o777 }: { readonly mode?: number } = {},
): Promise<string | undefined> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { mode });
    return folder;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return undefined;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
  }
  const first = await makeFolders(dirname(folder), { mode });
  try {
    await mkdir(folder, { mode });
    return first ?? folder;
  } catch (error) {
    // Somebody else has created it meanwhile.
    if ((error as { code?: unknown }).code === 'EEXIST' && (await stat(folder)).isDirectory()) return first;
    throw error;
  }
}

/** Deletes folders that `makeFolders` has created, as far as they are empty: `path`, and its parents up to `first`, which it returned. */
export async function removeMadeFolders(path: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const isRemoved = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!isRemoved || folder === first) return;
  }
}
