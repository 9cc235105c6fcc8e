import { randomUUID } from 'node:crypto';
import { chown, constants, mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest, TenantId } from '@taskrunner/core/foundation';
import type { StagedFile, Staging } from '@taskrunner/core/ports';
import { codeOf, throwStoreError, throwOrAway } from './durable-files';
import { unannounced } from './object-store-error';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Moves a durable file to its place in the store. */
export type Place = (path: string, tenant: TenantId, digest: Digest) => Promise<void>;

/** A staging folder below `staging`, owned by the process that writes to it. */
export class FileStaging implements Staging {
  private constructor(
    readonly folder: string,
    private readonly place: Place,
  ) {}

  /** Creates a staging folder. Null if this process may not change the owner of folders. */
  static async make(
    folder: string,
    owner: { readonly uid: number; readonly gid: number } | null,
    place: Place,
  ): Promise<FileStaging | null> {
    await mkdir(folder, { mode: 0o700 }).catch(throwOrAway);
    try {
      if (owner !== null) await chown(folder, owner.uid, owner.gid);
    } catch {
      await rmdir(folder).catch(throwStoreError);
      return null;
    }
    return new FileStaging(folder, place);
  }

  async adopt(tenant: TenantId, { name, digest, size }: StagedFile): Promise<void> {
    if (!/^\w+$/.test(name)) throw new TypeError('not the name of a staged file');
    const own = join(dirname(this.folder), randomUUID());
    await rename(join(this.folder, name), own).catch(throwOrAway);
    try {
      await makeDurable(own, size);
      await this.place(own, tenant, digest);
    } finally {
      // Files that cannot be removed are deleted by a later sweep.
      await rm(own, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    // Files that cannot be removed are deleted by a later sweep. The adopted file is stored in any case.
    await rm(this.folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Changes the owner of the file to this process, and makes it durable. */
async function makeDurable(path: string, size: number): Promise<void> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    if (codeOf(error) === 'ELOOP') throw unannounced();
    return throwOrAway(error);
  });
  try {
    const found = await file.stat();
    if (!found.isFile() || found.nlink !== 1 || found.size !== size) throw unannounced();
    if (found.uid !== process.getuid?.()) await file.chown(process.getuid?.() ?? -1, process.getgid?.() ?? -1);
    await file.chmod(0o600);
    await file.sync();
  } catch (error) {
    throwStoreError(error);
  } finally {
    await file.close();
  }
}
