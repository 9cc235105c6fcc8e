import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exportRefusal } from '@taskrunner/core/operations';
import { ExportDestination, type ExportedFile } from '@taskrunner/core/ports';
import { throwDestinationError } from './destination-errors';
import { isMissing, makeDurableFolderBelow, syncFolder } from './durable-files';

/** Exceeds the duration of any delivery in progress, milliseconds. */
const LEFT_OVER_MS = 24 * 3_600_000;

/**
 * A folder as a destination of sealed evidence: `<path>/<tenant>/<name>`. Bytes are written to `<path>/.incoming`, synchronised and
 * renamed, so that a watcher of the folder never sees a partial file. The folder itself must exist and is never created: if it is not
 * mounted, deliveries wait for it.
 */
export class FolderDestination extends ExportDestination {
  constructor(private readonly path: string) {
    super();
  }

  async deliver(file: ExportedFile, content: () => Promise<AsyncIterable<Uint8Array>>): Promise<boolean> {
    const target = join(this.path, file.tenant, file.name);
    if (await this.holds(target, file).catch(throwDestinationError)) return false;
    const incoming = join(this.path, '.incoming');
    await this.sweep(incoming).catch(throwDestinationError);
    const part = join(incoming, randomUUID());
    try {
      await write(part, await content());
      await makeDurableFolderBelow(this.path, dirname(target)).catch(throwDestinationError);
      await rename(part, target).catch(throwDestinationError);
      await syncFolder(dirname(target)).catch(throwDestinationError);
      return true;
    } finally {
      await rm(part, { force: true }).catch(() => undefined);
    }
  }

  private async holds(target: string, { size, digest }: ExportedFile): Promise<boolean> {
    await stat(this.path).catch((error: unknown) => {
      if (isMissing(error)) throw exportRefusal('EXPORT_UNAVAILABLE', 'the folder does not exist', error);
      throw error;
    });
    const found = await stat(target).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (!found?.isFile() || found.size !== size) return false;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(target) as AsyncIterable<Uint8Array>) hash.update(piece);
    return `sha256:${hash.digest('hex')}` === digest;
  }

  /** Creates the folder for files in progress, and deletes the files of killed workers there. */
  private async sweep(incoming: string): Promise<void> {
    await mkdir(incoming, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    for (const name of await readdir(incoming)) {
      const found = await stat(join(incoming, name)).catch(() => null);
      if (found && Date.now() - found.mtimeMs > LEFT_OVER_MS) await rm(join(incoming, name), { force: true });
    }
  }
}

async function write(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o640).catch(throwDestinationError);
  try {
    for await (const piece of content) await file.writeFile(piece).catch(throwDestinationError);
    await file.sync().catch(throwDestinationError);
  } finally {
    await file.close();
  }
}
