import { open, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { sha256 } from '@taskrunner/core/canonical';
import type { Digest } from '@taskrunner/core/foundation';
import { BackupError, throwFolderError, throwReadError } from './backup-error';
import { readManifest, type Manifest } from './manifest';

const MANIFEST = 'manifest.json';

/**
 * Creates a folder atomically. `fill` writes into a folder under a temporary name, which is renamed after its manifest is durable. Returns
 * the digest of the manifest, which lists the digests of all files. After a failure, or when `signal` is aborted, the written files are
 * removed.
 * @throws BackupError
 */
export async function makeFolder(
  supplied: string,
  fill: (folder: string) => Promise<Manifest>,
  signal?: AbortSignal,
): Promise<{ readonly manifest: Manifest; readonly digest: Digest }> {
  const folder = resolve(supplied);
  const partial = `${folder}.partial-${process.pid}`;
  await refuseExisting(folder);
  try {
    await mkdir(partial, { mode: 0o700 });
    const manifest = await fill(partial);
    signal?.throwIfAborted();
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    // A manifest that a restore would reject must fail now.
    readManifest(text);
    await writeFile(join(partial, MANIFEST), text, { flag: 'wx', mode: 0o600, flush: true });
    await sync(partial);
    // `rename` can replace an empty folder. A backup that another process has created meanwhile is kept.
    await refuseExisting(folder);
    await rename(partial, folder);
    await sync(dirname(folder));
    return { manifest, digest: sha256(text) };
  } catch (error) {
    const left = await rm(partial, { recursive: true, force: true }).then(
      () => 'the incomplete backup was deleted',
      (cause: Error) => `${partial} is incomplete and can be deleted (${cause.message})`,
    );
    if (signal?.aborted === true)
      throw new BackupError('BACKUP_INTERRUPTED', `the backup failed; ${left}`, 'Start the backup again.', [], {
        cause: error,
      });
    return throwFolderError(folder, error);
  }
}

/** Reads the manifest of a backup. @throws BackupError */
export async function openFolder(folder: string): Promise<{ readonly manifest: Manifest; readonly digest: Digest }> {
  try {
    const text = await readFile(join(folder, MANIFEST), 'utf8');
    return { manifest: readManifest(text), digest: sha256(text) };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return throwReadError(join(folder, MANIFEST), error);
    throw new BackupError(
      'BACKUP_INCOMPLETE',
      `${folder} has no ${MANIFEST}: it is not a backup, or the backup is not complete`,
      'Use the folder of a complete backup of `taskrunner maintain backup`.',
      [],
      { cause: error },
    );
  }
}

/** Makes the directory entries of a folder durable. */
export async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function refuseExisting(folder: string): Promise<void> {
  const found = await lstat(folder).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return null;
    return throwFolderError(folder, error);
  });
  if (found !== null)
    throw new BackupError('BACKUP_EXISTS', `${folder} already exists`, 'Use a name that does not exist yet.');
}
