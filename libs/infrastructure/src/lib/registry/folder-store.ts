import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { canonical, sha256 } from '@taskrunner/core/canonical';
import { isDigest, type Digest } from '@taskrunner/core/foundation';
import { MAX_MANIFEST_BYTES, MEDIA_TYPE, printIndex, readIndex, readManifest, REF_NAME, type Descriptor } from './oci';
import { exactly, OciStore, referrersTag, type StoredManifest } from './oci-store';
import { refusal } from './registry-error';
import { makeFolders } from '../files';

const LOCK_TRIES = 200;
const LOCK_PAUSE_MS = 25;

/**
 * A folder of OCI layouts (image specification 1.1), one per pack, as written by `oras cp --to-oci-layout` and `skopeo copy … oci:`. Packs
 * can thus be brought to machines without a network as files. All bytes are compared with their digests when they are read.
 */
export class FolderStore extends OciStore {
  constructor(private readonly root: string) {
    super();
  }

  async repositories(after: string | null, limit: number): Promise<readonly string[]> {
    const entries = await readdir(this.root, { withFileTypes: true }).catch((error: unknown) => {
      throw unavailable(this.root, error);
    });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return names
      .filter((name) => after === null || name > after)
      .sort()
      .slice(0, limit);
  }

  async tags(repository: string): Promise<readonly string[]> {
    return (await this.index(repository)).flatMap(({ annotations }) => annotations[REF_NAME] ?? []);
  }

  async manifest(repository: string, reference: string): Promise<StoredManifest | null> {
    if (isDigest(reference)) {
      const bytes = await this.read(repository, reference, MAX_MANIFEST_BYTES);
      return bytes && { digest: reference, mediaType: MEDIA_TYPE.manifest, bytes };
    }
    const found = (await this.index(repository)).find(({ annotations }) => annotations[REF_NAME] === reference);
    if (!found) return null;
    const bytes = await this.read(repository, found.digest, MAX_MANIFEST_BYTES);
    if (bytes === null) throw refusal('PACK_ARTIFACT_INVALID', `${this.root}/${repository} lacks ${found.digest}`);
    return { digest: found.digest, mediaType: found.mediaType, bytes };
  }

  async blob(repository: string, { digest, size }: Descriptor): Promise<Uint8Array> {
    const bytes = await this.read(repository, digest, size);
    if (bytes !== null) return bytes;
    throw refusal('PACK_ARTIFACT_INVALID', `${this.root}/${repository} lacks the blob ${digest}`);
  }

  /** Lists artifacts of the layout with this subject (as stored by `oras`), and those in the referrers tag. */
  async referrers(repository: string, digest: Digest): Promise<readonly Descriptor[]> {
    const found = new Map<Digest, Descriptor>();
    for (const listed of await this.index(repository)) {
      const { mediaType, annotations } = listed;
      if (annotations[REF_NAME] === referrersTag(digest)) {
        const index = await this.read(repository, listed.digest, MAX_MANIFEST_BYTES);
        for (const one of index === null ? [] : readIndex(index)) found.set(one.digest, one);
      } else if (mediaType === MEDIA_TYPE.manifest) {
        const bytes = await this.read(repository, listed.digest, MAX_MANIFEST_BYTES);
        if (bytes === null) continue;
        const { subject, artifactType } = readManifest(bytes);
        if (subject?.digest === digest) found.set(listed.digest, { ...listed, artifactType });
      }
    }
    return [...found.values()];
  }

  async putBlob(repository: string, bytes: Uint8Array): Promise<void> {
    const path = this.blobPath(repository, sha256(bytes));
    await makeFolders(join(this.root, repository, 'blobs', 'sha256'));
    await replace(path, bytes);
  }

  async putManifest(repository: string, manifest: StoredManifest, tag: string): Promise<void> {
    const { mediaType, digest, bytes } = manifest;
    await this.putBlob(repository, bytes);
    const entry = { mediaType, digest, size: bytes.length, artifactType: null, annotations: { [REF_NAME]: tag } };
    await this.change(repository, (listed) => [
      ...listed.filter(({ annotations }) => annotations[REF_NAME] !== tag),
      entry,
    ]);
  }

  async attach(repository: string, manifest: StoredManifest, artifactType: string, _subject: Digest): Promise<void> {
    const { mediaType, digest, bytes } = manifest;
    await this.putBlob(repository, bytes);
    const entry = { mediaType, digest, size: bytes.length, artifactType, annotations: {} };
    await this.change(repository, (listed) =>
      listed.some((one) => one.digest === digest) ? listed : [...listed, entry],
    );
  }

  private async index(repository: string): Promise<readonly Descriptor[]> {
    const bytes = await readUpTo(join(this.root, repository, 'index.json'), MAX_MANIFEST_BYTES);
    return bytes === null ? [] : readIndex(bytes);
  }

  private async read(repository: string, digest: Digest, maxBytes: number): Promise<Uint8Array | null> {
    const bytes = await readUpTo(this.blobPath(repository, digest), maxBytes);
    return bytes && exactly(bytes, digest, 'a blob');
  }

  private blobPath(repository: string, digest: Digest): string {
    return join(this.root, repository, 'blobs', 'sha256', digest.slice(7));
  }

  /** Changes the index of a layout, one writer at a time. */
  private async change(
    repository: string,
    change: (listed: readonly Descriptor[]) => readonly Descriptor[],
  ): Promise<void> {
    const folder = join(this.root, repository);
    const unlock = await lock(join(folder, 'index.json.lock'));
    try {
      await replace(join(folder, 'oci-layout'), Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
      const index = printIndex(change(await this.index(repository)));
      await replace(join(folder, 'index.json'), Buffer.from(canonical(index)));
    } finally {
      await unlock();
    }
  }
}

async function readUpTo(path: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    const { size } = await stat(path);
    if (size > Math.max(maxBytes, 64 * 1024))
      throw refusal('PACK_TOO_LARGE', `${path} has more than ${maxBytes} bytes`);
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    if (hasCode(error, 'PACK_TOO_LARGE')) throw error;
    throw unavailable(path, error);
  }
}

/** Writes a file atomically: readers see the old or the new content, even after a crash. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${randomUUID()}`;
  try {
    const file = await open(part, 'wx', 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw unavailable(path, error);
  }
}

async function lock(path: string): Promise<() => Promise<void>> {
  for (let tries = 0; tries < LOCK_TRIES; tries++) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw unavailable(path, error);
      await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
    }
  }
  throw refusal(
    'REGISTRY_UNAVAILABLE',
    `${path} exists: another publisher is active, or one was interrupted; in that case remove the file`,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function unavailable(path: string, error: unknown): Error {
  const code = typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';
  return refusal('REGISTRY_UNAVAILABLE', `${path} cannot be used${code}`, error);
}
