import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { link, open, opendir, readdir, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { isDigest, isTenantId, type Digest, type TenantId } from '@taskrunner/core/foundation';
import {
  CollectableObjectStore,
  type ByteRange,
  type PutOptions,
  type Staging,
  type StoreIdentity,
} from '@taskrunner/core/ports';
import { checkedPieces, Measure } from './checked-pieces';
import { DECIDE_MS, MARK_MS, outliveCollectors } from './deletion-mark';
import {
  away,
  codeOf,
  isMissing,
  makeDurableFolderBelow,
  makeFolderBelow,
  syncFolder,
  throwStoreError,
  throwOrAway,
} from './durable-files';
import { FileStaging } from './file-staging';
import { fileIdentity } from './file-identity';
import { assertRange, missing, unannounced } from './object-store-error';
import { makeFolders, removeMadeFolders } from '../files';

const PIECE = 256 * 1024;
/** Bytes per write. */
const BATCH_BYTES = 1024 * 1024;
/** Number of bytes after which a disk synchronisation is started. */
const SYNC_BYTES = 32 * 1024 * 1024;
const PAGE = 1_000;
const DIGITS = /^[0-9a-f]{64}$/;

/**
 * Objects as files: `<root>/t/<tenant>/sha256/<2 digits>/<64 digits>`. Bytes are written to `<root>/staging`, synchronised and renamed, so
 * that no reader sees a partial object and a power failure loses no acknowledged one. Marks of collectors are files in
 * `<root>/condemned/<tenant>/<64 digits>/`.
 */
export class FileObjectStore extends CollectableObjectStore {
  private constructor(
    private readonly root: string,
    /** Folders that opening it has created, each with the first parent that was new. */
    private readonly made: ReadonlyMap<string, string>,
  ) {
    super();
  }

  /** Opens the store in this folder, which is created (mode 0700) if it is missing. Throws `OBJECT_STORE_UNAVAILABLE`. */
  static async open(root: string): Promise<FileObjectStore> {
    const made = new Map<string, string>();
    for (const path of [root, join(root, 'staging'), join(root, 'condemned')]) {
      const first = await makeFolders(path, { mode: 0o700 }).catch(throwOrAway);
      if (first !== undefined) made.set(path, first);
    }
    return new FileObjectStore(root, made);
  }

  async put(
    tenant: TenantId,
    content: AsyncIterable<Uint8Array>,
    { maxBytes, expected }: PutOptions,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    if (!isTenantId(tenant)) throw new TypeError('not a tenant');
    const staged = join(this.root, 'staging', randomUUID());
    try {
      const file = await open(staged, 'wx', 0o600).catch(throwOrAway);
      const measure = new Measure(maxBytes);
      try {
        await write(file, content, measure);
        if (expected !== undefined && expected !== measure.digest()) throw unannounced();
        await file.sync().catch(throwStoreError);
      } finally {
        await file.close().catch(throwStoreError);
      }
      const digest = measure.digest();
      await this.place(staged, tenant, digest);
      return { digest, size: measure.size };
    } finally {
      await removeStaged(staged);
    }
  }

  override stage(owner: { readonly uid: number; readonly gid: number } | null): Promise<Staging | null> {
    const folder = resolve(this.root, 'staging', randomUUID());
    return FileStaging.make(folder, owner, (path, tenant, digest) => this.place(path, tenant, digest));
  }

  override identity(): StoreIdentity {
    return fileIdentity(this.root, {
      assertThere: () => this.assertThere(),
      isEmpty: async () => (await this.tenants()).length === 0,
      abandon: async () => {
        for (const [path, first] of [...this.made].reverse()) await removeMadeFolders(path, first);
      },
    });
  }

  /** Moves the staged file to its place. The staged file is kept until no collector can delete the object any more. */
  private async place(staged: string, tenant: TenantId, digest: Digest): Promise<void> {
    const target = this.path(tenant, digest);
    const restore = async () => {
      try {
        await this.linkInto(staged, target);
        await syncFolder(dirname(target));
      } catch (error) {
        throwOrAway(error);
      }
    };
    await restore();
    await outliveCollectors({
      isMarked: async () => (await names(this.marks(tenant, digest))).length > 0,
      isThere: async () => (await this.stat(tenant, digest)) !== null,
      restore,
    });
  }

  async open(tenant: TenantId, digest: Digest, range?: ByteRange): Promise<AsyncIterable<Uint8Array>> {
    const found = await this.stat(tenant, digest);
    if (found === null) throw missing();
    if (range === undefined) return checkedPieces(this.pieces(tenant, digest, 0, Infinity), digest);
    assertRange(range, found.size);
    return this.pieces(tenant, digest, range.first, range.last + 1);
  }

  async stat(tenant: TenantId, digest: Digest): Promise<{ readonly size: number } | null> {
    const found = await factsOf(this.path(tenant, digest));
    if (found === null) await this.assertThere();
    return found && { size: found.size };
  }

  /** An object counts as missing only if the store is available: in a store that was moved or is not mounted, every object is missing. */
  private async assertThere(): Promise<void> {
    if ((await factsOf(join(this.root, 'staging'))) === null) throw away();
  }

  /** Reads the object in pieces. The first read opens the file, so that an iteration that never starts holds no resources. */
  private async *pieces(tenant: TenantId, digest: Digest, first: number, end: number): AsyncGenerator<Uint8Array> {
    const file = await open(this.path(tenant, digest), 'r').catch(async (error: unknown) => {
      if (!isMissing(error)) return throwStoreError(error);
      await this.assertThere();
      throw missing(error);
    });
    try {
      for (let at = first; at < end;) {
        const length = Math.min(PIECE, end - at);
        const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, at).catch(throwStoreError);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  async probe(bytes: number): Promise<void> {
    const path = join(this.root, 'staging', randomUUID());
    const name = `${path}.probe`;
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        await file.writeFile(new Uint8Array(bytes));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(path, name);
    } catch (error) {
      throwOrAway(error);
    } finally {
      await Promise.all([path, name].map(removeStaged));
    }
  }

  async delete(tenant: TenantId, digest: Digest): Promise<boolean> {
    try {
      await rm(this.path(tenant, digest));
      return true;
    } catch (error) {
      if (!isMissing(error)) return throwStoreError(error);
      await this.assertThere();
      return false;
    }
  }

  async sweep(olderThanMs: number): Promise<number> {
    const now = await this.now();
    let swept = 0;
    const sweepFile = async (path: string, ageMs: number): Promise<void> => {
      const found = await factsOf(path);
      if (found === null || now - found.mtimeMs <= ageMs) return;
      if (found.isDirectory()) return void (await rmdir(path).catch(() => undefined));
      await rm(path, { force: true }).catch(throwStoreError);
      swept++;
    };
    for (const name of await names(join(this.root, 'staging'))) {
      const path = join(this.root, 'staging', name);
      // The folder of a collector's marks ages with its entries and is deleted when it is empty.
      for (const entry of await names(path)) await sweepFile(join(path, entry), olderThanMs);
      await sweepFile(path, olderThanMs);
    }
    for (const tenant of await names(join(this.root, 'condemned'))) {
      for (const hex of await names(join(this.root, 'condemned', tenant))) {
        const marks = join(this.root, 'condemned', tenant, hex);
        for (const name of await names(marks)) await sweepFile(join(marks, name), MARK_MS);
        await rmdir(marks).catch(() => undefined);
      }
    }
    return swept;
  }

  async tenants(): Promise<readonly TenantId[]> {
    await this.assertThere();
    return (await names(join(this.root, 't'))).filter(isTenantId).sort();
  }

  async *aged(tenant: TenantId, olderThanMs: number): AsyncGenerator<readonly Digest[]> {
    if (!isTenantId(tenant)) throw new TypeError('not a tenant');
    const now = await this.now();
    let page: Digest[] = [];
    for (const folder of [...(await names(join(this.root, 't', tenant, 'sha256')))].sort()) {
      for await (const { name } of await opendir(join(this.root, 't', tenant, 'sha256', folder))) {
        const found = DIGITS.test(name) ? await factsOf(this.path(tenant, `sha256:${name}` as Digest)) : null;
        if (found === null || now - found.mtimeMs < olderThanMs) continue;
        if (page.push(`sha256:${name}` as Digest) < PAGE) continue;
        yield page;
        page = [];
      }
    }
    if (page.length > 0) yield page;
  }

  async collect(tenant: TenantId, digest: Digest, olderThanMs: number): Promise<boolean> {
    const target = this.path(tenant, digest);
    const mark = join(this.marks(tenant, digest), randomUUID());
    const began = performance.now();
    await this.makeMark(mark);
    try {
      const [marked, found] = [await factsOf(mark), await factsOf(target)];
      if (marked === null || found === null || marked.mtimeMs - found.mtimeMs < olderThanMs) return false;
      return performance.now() - began < DECIDE_MS && (await this.delete(tenant, digest));
    } finally {
      await removeStaged(mark);
      await rmdir(dirname(mark)).catch(() => undefined);
    }
  }

  /** Current time in milliseconds, by the clock that sets the file times. */
  private async now(): Promise<number> {
    const path = join(this.root, 'staging', randomUUID());
    await writeFile(path, '', { flag: 'wx', mode: 0o600 }).catch(throwOrAway);
    const found = await factsOf(path);
    await removeStaged(path);
    return found?.mtimeMs ?? 0;
  }

  private path(tenant: TenantId, digest: Digest): string {
    if (!isTenantId(tenant) || !isDigest(digest)) throw new TypeError('not a tenant and a digest');
    const hex = digest.slice('sha256:'.length);
    return join(this.root, 't', tenant, 'sha256', hex.slice(0, 2), hex);
  }

  /** Links first and creates the folder on failure, because the folder nearly always exists. */
  private async linkInto(staged: string, target: string): Promise<void> {
    try {
      await linkOrReplace(staged, target);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await this.assertThere();
      await makeDurableFolderBelow(this.root, dirname(target));
      await linkOrReplace(staged, target);
    }
  }

  /**
   * Creates a mark. Another collector of the same object may remove the empty folder before the mark is in it, so the creation is retried.
   */
  private async makeMark(path: string): Promise<void> {
    for (;;) {
      try {
        await makeFolderBelow(join(this.root, 'condemned'), dirname(path));
        return await writeFile(path, '', { flag: 'wx', mode: 0o600 });
      } catch (error) {
        if (!isMissing(error)) throwStoreError(error);
        await this.assertThere();
      }
    }
  }

  private marks(tenant: TenantId, digest: Digest): string {
    return join(this.root, 'condemned', tenant, digest.slice('sha256:'.length));
  }
}

/** Removes a staged file. A failure does not fail the completed work: a remaining file is deleted by a later sweep. */
async function removeStaged(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

/** Gives a staged file its place. An object that is already there is replaced, because the new one is younger (`sweep`). */
async function linkOrReplace(staged: string, target: string): Promise<void> {
  try {
    await link(staged, target);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const second = `${staged}.link`;
    try {
      await link(staged, second);
      await rename(second, target);
    } finally {
      // `rename` keeps both names of one file.
      await removeStaged(second);
    }
  }
}

/** Writes pieces. New pieces are hashed while earlier ones are written, and the disk starts writing before the end. */
async function write(file: FileHandle, content: AsyncIterable<Uint8Array>, measure: Measure): Promise<void> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let unsynced = 0;
  const writing = new OneAtATime();
  const syncing = new OneAtATime();
  const flush = async (): Promise<void> => {
    const batch = Buffer.concat(pieces);
    pieces = [];
    size = 0;
    await writing.next(() => file.writeFile(batch));
    unsynced += batch.length;
    if (unsynced < SYNC_BYTES) return;
    unsynced = 0;
    await syncing.next(() => file.datasync());
  };
  try {
    for await (const piece of content) {
      measure.take(piece);
      pieces.push(piece);
      size += piece.length;
      if (size >= BATCH_BYTES) await flush();
    }
    if (size > 0) await flush();
  } finally {
    await Promise.allSettled([writing.done, syncing.done]);
  }
  await Promise.all([writing.done, syncing.done]);
}

/** A queue that runs one task at a time. If a task fails, the following ones fail too. */
class OneAtATime {
  done: Promise<void> = Promise.resolve();

  async next(work: () => Promise<void>): Promise<void> {
    await this.done;
    this.done = work().catch(throwStoreError);
    // The error is reported to the next user; no caller has to wait for it here.
    this.done.catch(() => undefined);
  }
}

async function factsOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    return throwStoreError(error);
  }
}

/** Lists the names in a folder; none if it is missing. */
async function names(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error)) return [];
    return throwStoreError(error);
  }
}
