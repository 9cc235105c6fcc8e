import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { isCodedError, isTenantId, type Digest, type TenantId } from '@taskrunner/core/foundation';
import { CollectableObjectStore, type ByteRange, type PutOptions, type StoreIdentity } from '@taskrunner/core/ports';
import { checkedPieces, Measure } from './checked-pieces';
import { DECIDE_MS, MARK_MS, outliveCollectors } from './deletion-mark';
import { assertRange, missing, refusal, unannounced } from './object-store-error';
import { S3Bucket } from './s3-bucket';
import { connectS3 } from './s3-connection';
import { S3Keys } from './s3-keys';
import { putInParts, sweepMultiparts } from './s3-multipart';
import { rangesAreExact } from './s3-ranges';
import type { S3Settings } from './s3-settings';
import { Spool } from './spool';

/** Servers report times in whole seconds, so an age may be too high by this much. */
const SECOND_MS = 1_000;

/**
 * Objects in an S3 bucket, under `<prefix>t/<tenant>/sha256/<64 digits>`. Content is hashed while it is spooled and then stored under its
 * digest, in one request or in parts, so that it exists completely or not at all. The store does not depend on conditional requests, lists
 * of uploads, checksums or ranges of the server, because several servers lack them or implement them wrongly.
 */
export class S3ObjectStore extends CollectableObjectStore {
  private readonly bucket: S3Bucket;
  private readonly keys: S3Keys;
  private exactRanges: Promise<boolean> | null = null;
  private keepsParts = false;

  /** Makes no request yet. */
  constructor(private readonly settings: S3Settings) {
    super();
    this.bucket = new S3Bucket(connectS3(settings), settings.bucket);
    this.keys = new S3Keys(settings.prefix);
  }

  /** Closes idle connections. */
  close(): void {
    this.bucket.client.destroy();
  }

  async put(
    tenant: TenantId,
    content: AsyncIterable<Uint8Array>,
    { maxBytes, expected }: PutOptions,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    if (!isTenantId(tenant)) throw new TypeError('not a tenant');
    const { spoolDirectory, partSize } = this.settings;
    const spool = new Spool(spoolDirectory, partSize);
    try {
      const measure = new Measure(maxBytes);
      for await (const piece of content) {
        measure.take(piece);
        await spool.add(piece);
      }
      const digest = measure.digest();
      if (expected !== undefined && expected !== digest) throw unannounced();
      await this.place(spool, tenant, digest);
      return { digest, size: measure.size };
    } finally {
      await spool.close();
    }
  }

  override identity(): StoreIdentity {
    const { bucket, keys } = this;
    return {
      async read() {
        const found = await bucket.get(keys.identity);
        if (found === null) return null;
        const pieces: Uint8Array[] = [];
        for await (const piece of found.pieces) pieces.push(piece);
        return Buffer.concat(pieces).toString('utf8').trim();
      },
      write: (id) => bucket.put(keys.identity, Buffer.from(`${id}\n`)),
      isEmpty: async () => (await bucket.firstOf(keys.tenants)).length === 0,
    };
  }

  private async place(spool: Spool, tenant: TenantId, digest: Digest): Promise<void> {
    const key = this.keys.object(tenant, digest);
    const restore = async () => {
      if (spool.isSmall) await this.bucket.put(key, await spool.read(0, spool.size), digest.slice('sha256:'.length));
      else {
        await putInParts(this.bucket, this.keys.multiparts, key, spool, this.settings);
        await this.proveParts(key, digest);
      }
    };
    await restore();
    await outliveCollectors({
      isMarked: async () => (await this.bucket.firstOf(this.keys.marks(tenant, digest))).length > 0,
      isThere: async () => (await this.bucket.head(key)) !== null,
      restore,
    });
  }

  /** Reads back the first object that was sent in parts, because some servers silently lose the bytes of such objects. */
  private async proveParts(key: string, digest: Digest): Promise<void> {
    if (this.keepsParts) return;
    const stored = await this.bucket.get(key);
    try {
      if (stored !== null) for await (const piece of checkedPieces(stored.pieces, digest)) void piece;
    } catch (error) {
      if (!isCodedError(error) || error.code !== 'OBJECT_DIGEST_MISMATCH') throw error;
      await this.bucket.delete(key);
      const message = 'the object store alters objects that are sent in parts; raise `artifacts.s3.partSize`';
      throw refusal('OBJECT_STORE_REFUSED', message, error);
    }
    this.keepsParts = true;
  }

  async open(tenant: TenantId, digest: Digest, range?: ByteRange): Promise<AsyncIterable<Uint8Array>> {
    const key = this.keys.object(tenant, digest);
    if (range === undefined) {
      const whole = await this.bucket.get(key);
      if (whole === null) throw missing();
      return checkedPieces(whole.pieces, digest);
    }
    const found = await this.bucket.head(key);
    if (found === null) throw missing();
    assertRange(range, found.size);
    const { first, last } = range;
    if (await this.hasExactRanges()) {
      const part = await this.bucket.get(key, range);
      if (part === null) throw missing();
      if (part.contentRange === `bytes ${first}-${last}/${found.size}`) return part.pieces;
    }
    const whole = await this.bucket.get(key);
    if (whole === null) throw missing();
    return cut(whole.pieces, first, last + 1);
  }

  private async hasExactRanges(): Promise<boolean> {
    this.exactRanges ??= rangesAreExact(this.bucket, this.keys.probes);
    try {
      return await this.exactRanges;
    } catch (error) {
      this.exactRanges = null;
      throw error;
    }
  }

  async stat(tenant: TenantId, digest: Digest): Promise<{ readonly size: number } | null> {
    const found = await this.bucket.head(this.keys.object(tenant, digest));
    return found && { size: found.size };
  }

  async delete(tenant: TenantId, digest: Digest): Promise<boolean> {
    const key = this.keys.object(tenant, digest);
    if ((await this.bucket.head(key)) === null) return false;
    await this.bucket.delete(key);
    return true;
  }

  async probe(bytes: number): Promise<void> {
    const key = `${this.keys.probes}${randomUUID()}`;
    await this.bucket.put(key, new Uint8Array(bytes));
    await this.bucket.delete(key);
  }

  async sweep(olderThanMs: number): Promise<number> {
    const { bucket, keys } = this;
    const now = await bucket.now(keys.probes);
    const sweepKeys = async (prefix: string, beforeMs: number): Promise<number> => {
      let swept = 0;
      for await (const page of bucket.list(prefix)) {
        for (const { key, writtenMs } of page) {
          if (writtenMs > beforeMs) continue;
          await bucket.delete(key);
          swept++;
        }
      }
      return swept;
    };
    const beforeMs = now - olderThanMs - SECOND_MS;
    return (
      (await sweepMultiparts(bucket, keys.multiparts, keys.tenants, beforeMs)) +
      (await sweepKeys(keys.allMarks, now - MARK_MS - SECOND_MS)) +
      (await sweepKeys(keys.probes, beforeMs))
    );
  }

  async tenants(): Promise<readonly TenantId[]> {
    return (await this.bucket.foldersIn(this.keys.tenants)).filter(isTenantId);
  }

  async *aged(tenant: TenantId, olderThanMs: number): AsyncGenerator<readonly Digest[]> {
    const beforeMs = (await this.bucket.now(this.keys.probes)) - olderThanMs - SECOND_MS;
    for await (const page of this.bucket.list(this.keys.objects(tenant))) {
      const digests = page.flatMap(({ key, writtenMs }) => {
        const digest = writtenMs > beforeMs ? null : this.keys.digestIn(key);
        return digest === null ? [] : [digest];
      });
      if (digests.length > 0) yield digests;
    }
  }

  async collect(tenant: TenantId, digest: Digest, olderThanMs: number): Promise<boolean> {
    const { bucket, keys } = this;
    const key = keys.object(tenant, digest);
    const mark = `${keys.marks(tenant, digest)}${randomUUID()}`;
    const began = performance.now();
    try {
      await bucket.put(mark, new Uint8Array());
      const [marked, found] = [await bucket.head(mark), await bucket.head(key)];
      if (marked === null || found === null || marked.writtenMs - found.writtenMs < olderThanMs + SECOND_MS)
        return false;
      if (performance.now() - began >= DECIDE_MS) return false;
      await bucket.delete(key);
      return true;
    } finally {
      await bucket.delete(mark);
    }
  }
}

/** The bytes of the pieces from `first` up to, but not including, `end`. The rest is not read. */
async function* cut(pieces: AsyncIterable<Uint8Array>, first: number, end: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const piece of pieces) {
    const wanted = piece.subarray(Math.max(0, first - at), Math.max(0, end - at));
    at += piece.length;
    if (wanted.length > 0) yield wanted;
    if (at >= end) return;
  }
}
