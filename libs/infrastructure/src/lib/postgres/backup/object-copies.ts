import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isCodedError, isDigest, isTenantId, type Digest, type TenantId } from '@taskrunner/core/foundation';
import type { ObjectStore } from '@taskrunner/core/ports';
import { damaged, throwReadError } from './backup-error';
import { sync } from './backup-folder';
import { rowText, type Fields } from './rows-file';

/** An object that a row refers to. */
export interface Reference {
  readonly tenant: TenantId;
  /** UUID of the run; null if the object belongs to no run. */
  readonly run: string | null;
  readonly digest: Digest;
}

/** Reason why the bytes of an object are not available: they are missing, or they do not match the digest. */
export type Loss = 'missing' | 'altered';

/** A reference to an object whose bytes are not available. */
export interface LostReference extends Reference {
  readonly what: Loss;
}

interface Found extends Reference {
  /** False if the digest may refer to something other than an object. */
  readonly certain: boolean;
}

/** Number of concurrent look-ups of objects. */
const AT_ONCE = 32;
const OBJECTS = 'objects';

/** Parses a row into its reference; null if somebody has written one that names no tenant or no object. */
function referenceOf([tenant, run, digest, certain]: Fields): Found | null {
  if (typeof tenant !== 'string' || typeof digest !== 'string' || !isTenantId(tenant) || !isDigest(digest)) return null;
  return { tenant, run: run ?? null, digest, certain: certain !== 'f' };
}

/** Called with the values of a row that is no reference to an object. */
type OnInvalid = (row: string) => void;
/** Maximum length of these values. */
const SHOWN = 200;

/** Yields references in batches, with the presence of each object in the store. */
async function* looked(rows: AsyncIterable<Fields>, store: ObjectStore, onInvalid: OnInvalid) {
  for await (const some of batches(rows, onInvalid)) {
    const found = await Promise.all(some.map(({ tenant, digest }) => store.stat(tenant, digest)));
    yield some.map((reference, index) => ({ reference, isThere: found[index] !== null }));
  }
}

async function* batches(rows: AsyncIterable<Fields>, onInvalid: OnInvalid): AsyncIterable<readonly Found[]> {
  let some: Found[] = [];
  for await (const row of rows) {
    const reference = referenceOf(row);
    if (reference === null) {
      onInvalid(row.slice(0, 3).join(' ').slice(0, SHOWN));
      continue;
    }
    some.push(reference);
    if (some.length < AT_ONCE) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

interface Looking {
  /** Folder for copies of objects; null if they are not copied. */
  readonly folder: string | null;
  /** Aborts a copy in progress. */
  readonly signal: AbortSignal | undefined;
  readonly onInvalid: OnInvalid;
  readonly onCopied: (copied: Reference) => void;
  /** Called for an object that is missing from the store, or whose copy does not match its digest. */
  readonly onLost: (lost: LostReference) => void;
}

/**
 * Rows of the references in `COPY` format. A digest that may refer to something other than an object is left out if the store lacks it.
 * With a folder, the objects are copied too.
 */
export function objectRows(
  rows: AsyncIterable<Fields>,
  store: ObjectStore,
  { folder, signal, onInvalid, onCopied, onLost }: Looking,
): Readable {
  return Readable.from(
    (async function* () {
      for await (const some of looked(rows, store, onInvalid)) {
        for (const { reference, isThere } of some) {
          if (!isThere && !reference.certain) continue;
          const { tenant, run, digest } = reference;
          const what = !isThere ? 'missing' : folder === null ? null : await copyOut(store, folder, reference, signal);
          if (what !== null) onLost({ tenant, run, digest, what });
          else if (folder !== null) onCopied(reference);
          yield rowText([tenant, run, digest]);
        }
      }
    })(),
  );
}

/**
 * References to objects that the store lacks. With a folder, its objects are stored first. `altered` lists those whose bytes do not match.
 */
export async function absentObjects(
  rows: AsyncIterable<Fields>,
  store: ObjectStore,
  folder: string | null,
): Promise<readonly LostReference[]> {
  const absent: LostReference[] = [];
  for await (const some of looked(rows, store, refuseInvalid))
    for (const { reference, isThere } of some) {
      if (isThere) continue;
      const what = folder === null ? 'missing' : await copyIn(store, folder, reference);
      const { tenant, run, digest } = reference;
      if (what !== null) absent.push({ tenant, run, digest, what });
    }
  return absent;
}

/** A backup has no such row. */
function refuseInvalid(row: string): never {
  throw damaged(`objects.copy.gz has a row that is no reference to an object: ${row}`);
}

/** Store error codes that concern a single object; others concern the store. */
const LOSSES: ReadonlyMap<unknown, Loss> = new Map([
  ['OBJECT_MISSING', 'missing'],
  ['OBJECT_DIGEST_MISMATCH', 'altered'],
]);

/** Maps a store error to a loss of one object. Other errors are rethrown. */
function lossOf(error: unknown): Loss {
  const loss = isCodedError(error) ? LOSSES.get(error.code) : undefined;
  if (loss === undefined) throw error;
  return loss;
}

/** Copies one object. The store hashes the bytes that it reads, so the copy matches the digest. Returns the reason for a loss, or null. */
async function copyOut(
  store: ObjectStore,
  folder: string,
  reference: Reference,
  signal: AbortSignal | undefined,
): Promise<Loss | null> {
  const { tenant, digest } = reference;
  await mkdir(join(folder, OBJECTS, tenant), { recursive: true, mode: 0o700 });
  const path = pathOf(folder, reference);
  const target = await newFile(path);
  // Another run refers to the same object, which is already copied.
  if (target === null) return null;
  try {
    await pipeline(await store.open(tenant, digest), target.createWriteStream({ flush: true }), { signal });
    return null;
  } catch (error) {
    const loss = lossOf(error);
    await rm(path);
    return loss;
  } finally {
    await target.close();
  }
}

/** Creates a new file that only its owner can access; null if it already exists. */
async function newFile(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return null;
    throw error;
  }
}

/** Makes the directory entries of copied objects durable. */
export async function syncObjects(folder: string, tenants: Iterable<TenantId>): Promise<void> {
  for (const tenant of tenants) await sync(join(folder, OBJECTS, tenant));
  await sync(join(folder, OBJECTS));
}

/** Stores one object. Returns the reason for a loss, or null. */
async function copyIn(store: ObjectStore, folder: string, reference: Reference): Promise<Loss | null> {
  const { tenant, digest } = reference;
  const path = pathOf(folder, reference);
  // Checked first, because the store would report errors of its own files.
  const file = await open(path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return null;
    return throwReadError(path, error);
  });
  if (file === null) return 'missing';
  try {
    await store.put(tenant, contentOf(file, path), { maxBytes: Number.MAX_SAFE_INTEGER, expected: digest });
    return null;
  } catch (error) {
    return lossOf(error);
  } finally {
    await file.close();
  }
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
