import { createWriteStream } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isDigest, isTenantId, type Digest, type ObjectStore, type TenantId } from '@taskrunner/core';
import { throwReadError } from './backup-error';
import { sync } from './backup-folder';
import { rowText, type Fields } from './rows-file';

/** An object that a row refers to. */
export interface Reference {
  readonly tenant: TenantId;
  /** UUID of its run; null: of none. */
  readonly run: string | null;
  readonly digest: Digest;
}

interface Found extends Reference {
  /** False: it may name something else than an object. */
  readonly certain: boolean;
}

/** Objects that are asked for at once. */
const AT_ONCE = 32;
const OBJECTS = 'objects';

/** The reference of a row. Throws a `TypeError` for anything else. */
function referenceOf([tenant, run, digest, certain]: Fields): Found {
  if (typeof tenant !== 'string' || typeof digest !== 'string' || !isTenantId(tenant) || !isDigest(digest))
    throw new TypeError('a row that is no reference to an object');
  return { tenant, run: run ?? null, digest, certain: certain !== 'f' };
}

/** Some references at a time, with whether the store has each. */
async function* looked(rows: AsyncIterable<Fields>, store: ObjectStore) {
  for await (const some of batches(rows)) {
    const found = await Promise.all(some.map(({ tenant, digest }) => store.stat(tenant, digest)));
    yield some.map((reference, index) => ({ reference, isThere: found[index] !== null }));
  }
}

async function* batches(rows: AsyncIterable<Fields>): AsyncIterable<readonly Found[]> {
  let some: Found[] = [];
  for await (const row of rows) {
    some.push(referenceOf(row));
    if (some.length < AT_ONCE) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

interface Looking {
  /** Where objects are copied to; null: nowhere. */
  readonly folder: string | null;
  /** Ends a copy that is under way. */
  readonly signal: AbortSignal | undefined;
  readonly onCopied: (copied: Reference) => void;
  /** Told of an object that the store does not have. */
  readonly onLost: (lost: Reference) => void;
}

/**
 * Rows of the references, as `COPY` writes them, without those that are none: of what may name something else, the store does not have it. Copies
 * their objects if there is a folder.
 */
export function objectRows(
  rows: AsyncIterable<Fields>,
  store: ObjectStore,
  { folder, signal, onCopied, onLost }: Looking,
): Readable {
  return Readable.from(
    (async function* () {
      for await (const some of looked(rows, store)) {
        for (const { reference, isThere } of some) {
          if (!isThere && !reference.certain) continue;
          if (!isThere) onLost(reference);
          else if (folder !== null) {
            await copyOut(store, folder, reference, signal);
            onCopied(reference);
          }
          yield rowText([reference.tenant, reference.run, reference.digest]);
        }
      }
    })(),
  );
}

/** References that the store lacks. With a folder, its objects are stored first. */
export async function absentObjects(
  rows: AsyncIterable<Fields>,
  store: ObjectStore,
  folder: string | null,
): Promise<readonly Reference[]> {
  const absent: Reference[] = [];
  for await (const some of looked(rows, store))
    for (const { reference, isThere } of some)
      if (!isThere && !(folder !== null && (await copyIn(store, folder, reference)))) absent.push(reference);
  return absent;
}

/** Reads of a store are hashed: what is copied is the object. */
async function copyOut(
  store: ObjectStore,
  folder: string,
  reference: Reference,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { tenant, digest } = reference;
  const parent = join(folder, OBJECTS, tenant);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  try {
    const target = createWriteStream(pathOf(folder, reference), { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(await store.open(tenant, digest), target, { signal });
  } catch (error) {
    // Another run refers to it, too.
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
  }
}

/** Makes the names of copied objects durable. */
export async function syncObjects(folder: string, tenants: Iterable<TenantId>): Promise<void> {
  for (const tenant of tenants) await sync(join(folder, OBJECTS, tenant));
  await sync(join(folder, OBJECTS));
}

/** False if it is not in the folder. */
async function copyIn(store: ObjectStore, folder: string, reference: Reference): Promise<boolean> {
  const { tenant, digest } = reference;
  const path = pathOf(folder, reference);
  // Before the store has a part in it: what it says of its own files is another matter.
  const file = await open(path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return null;
    return throwReadError(path, error);
  });
  if (file === null) return false;
  try {
    await store.put(tenant, contentOf(file, path), { maxBytes: Number.MAX_SAFE_INTEGER, expected: digest });
  } finally {
    await file.close();
  }
  return true;
}

async function* contentOf(file: FileHandle, path: string): AsyncIterable<Uint8Array> {
  try {
    yield* file.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throwReadError(path, error);
  }
}

function pathOf(folder: string, { tenant, digest }: Reference): string {
  return join(folder, OBJECTS, tenant, digest.slice('sha256:'.length));
}
