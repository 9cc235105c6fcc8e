import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  CodedError,
  isDigest,
  isTenantId,
  ObjectStore,
  type ByteRange,
  type Digest,
  type ObjectStoreErrorCode,
  type PutOptions,
  type TenantId,
} from '@taskrunner/core';

const PIECE = 256 * 1024;

/**
 * Objects as files: `<root>/t/<tenant>/sha256/<2 digits>/<64 digits>`. Bytes are written to `<root>/staging`, synchronised and renamed,
 * so that no reader ever sees half an object and a power cut loses none that was acknowledged.
 */
export class FileObjectStore extends ObjectStore {
  private constructor(private readonly root: string) {
    super();
  }

  /** Opens the store in this folder, which is made (mode 0700) if it is missing. */
  static async open(root: string): Promise<FileObjectStore> {
    await mkdir(join(root, 'staging'), { recursive: true, mode: 0o700 });
    return new FileObjectStore(root);
  }

  async put(
    tenant: TenantId,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    if (!isTenantId(tenant)) throw new TypeError('not a tenant');
    const staged = join(this.root, 'staging', randomUUID());
    const file = await open(staged, 'wx', 0o600);
    try {
      let stored: { digest: Digest; size: number };
      try {
        stored = await write(file, content, options.maxBytes);
        if (options.expected !== undefined && options.expected !== stored.digest)
          throw refusal('OBJECT_DIGEST_MISMATCH', 'the bytes are not those that were announced');
        await file.sync();
      } finally {
        await file.close();
      }
      const target = this.path(tenant, stored.digest);
      await makeDurableFolder(dirname(target));
      await rename(staged, target);
      await syncFolder(dirname(target));
      return stored;
    } catch (error) {
      await rm(staged, { force: true });
      throw error;
    }
  }

  async open(tenant: TenantId, digest: Digest, range?: ByteRange): Promise<AsyncIterable<Uint8Array>> {
    const found = await this.stat(tenant, digest);
    if (found === null) throw missing();
    const path = this.path(tenant, digest);
    if (range === undefined) return readWhole(path, digest);
    const { first, last } = range;
    if (!(Number.isSafeInteger(first) && first >= 0 && first <= last && last < found.size))
      throw refusal('OBJECT_RANGE', `the object has ${found.size} bytes`);
    return readRange(path, first, last + 1);
  }

  async stat(tenant: TenantId, digest: Digest): Promise<{ readonly size: number } | null> {
    try {
      return { size: (await stat(this.path(tenant, digest))).size };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async delete(tenant: TenantId, digest: Digest): Promise<boolean> {
    try {
      await rm(this.path(tenant, digest));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async sweep(olderThanMs: number): Promise<number> {
    const before = Date.now() - olderThanMs;
    let swept = 0;
    for (const name of await readdir(join(this.root, 'staging'))) {
      const path = join(this.root, 'staging', name);
      const found = await stat(path).catch(() => null);
      if (found === null || found.mtimeMs > before) continue;
      await rm(path, { force: true });
      swept++;
    }
    return swept;
  }

  private path(tenant: TenantId, digest: Digest): string {
    if (!isTenantId(tenant) || !isDigest(digest)) throw new TypeError('not a tenant and a digest');
    const hex = digest.slice('sha256:'.length);
    return join(this.root, 't', tenant, 'sha256', hex.slice(0, 2), hex);
  }
}

async function write(
  file: FileHandle,
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ digest: Digest; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > maxBytes) throw refusal('OBJECT_TOO_LARGE', `more than ${maxBytes} bytes`);
    hash.update(piece);
    await file.writeFile(piece);
  }
  return { digest: `sha256:${hash.digest('hex')}` as Digest, size };
}

/** One piece is always held back, until the hash over all of them is known. */
async function* readWhole(path: string, digest: Digest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let held: Uint8Array | null = null;
  for await (const piece of readRange(path, 0, Infinity)) {
    hash.update(piece);
    if (held !== null) yield held;
    held = piece;
  }
  if (`sha256:${hash.digest('hex')}` !== digest)
    throw refusal('OBJECT_DIGEST_MISMATCH', 'the stored bytes were altered');
  if (held !== null) yield held;
}

/** The file is opened by the first read, so that an iteration that never starts holds nothing. */
async function* readRange(path: string, first: number, end: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw isMissing(error) ? missing(error) : error;
  });
  try {
    for (let at = first; at < end;) {
      const length = Math.min(PIECE, end - at);
      const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, at);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Makes the folder and the missing ones above it; each is entered in its parent durably. */
async function makeDurableFolder(path: string): Promise<void> {
  const topmost = await mkdir(path, { recursive: true, mode: 0o700 });
  if (topmost === undefined) return;
  for (let folder = path; ; folder = dirname(folder)) {
    await syncFolder(dirname(folder));
    if (folder === topmost || folder === dirname(folder)) return;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}

const REMEDIES: Record<ObjectStoreErrorCode, string> = {
  OBJECT_MISSING: 'Check the digest; the object may have passed its retention.',
  OBJECT_TOO_LARGE: 'Send less, or raise the limit in the configuration.',
  OBJECT_DIGEST_MISMATCH: 'Restore the object from a backup, or store it again.',
  OBJECT_RANGE: 'Ask for bytes that the object has.',
};

const missing = (cause?: unknown) => refusal('OBJECT_MISSING', 'there is no such object', cause);

function refusal(code: ObjectStoreErrorCode, message: string, cause?: unknown): CodedError<ObjectStoreErrorCode> {
  return new CodedError(code, message, REMEDIES[code], [], cause === undefined ? undefined : { cause });
}
