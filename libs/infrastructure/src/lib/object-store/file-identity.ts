import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreIdentity } from '@taskrunner/core/ports';
import { isMissing, syncFolder, throwOrAway, throwStoreError } from './durable-files';

/** The id of a store in a folder: the file `identity`, which is copied and restored with the objects. */
export function fileIdentity(
  root: string,
  store: Required<Pick<StoreIdentity, 'isEmpty' | 'abandon'>> & { readonly assertThere: () => Promise<void> },
): StoreIdentity {
  const path = join(root, 'identity');
  return {
    async read() {
      try {
        return (await readFile(path, 'utf8')).trim();
      } catch (error) {
        if (!isMissing(error)) return throwStoreError(error);
        await store.assertThere();
        return null;
      }
    },
    async write(id) {
      const staged = join(root, 'staging', randomUUID());
      try {
        const file = await open(staged, 'wx', 0o600);
        try {
          await file.writeFile(`${id}\n`);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(staged, path);
        await syncFolder(root);
      } catch (error) {
        throwOrAway(error);
      } finally {
        await rm(staged, { force: true }).catch(() => undefined);
      }
    },
    isEmpty: store.isEmpty,
    abandon: store.abandon,
  };
}
