import { createHash } from 'node:crypto';
import { ExportDestination, type ExportedFile } from '@taskrunner/core/ports';
import { throwDestinationError } from './destination-errors';
import { S3Bucket } from './s3-bucket';
import { connectS3 } from './s3-connection';
import { putInParts, sweepMultiparts } from './s3-multipart';
import type { S3Settings } from './s3-settings';
import { Spool } from './spool';

/** Exceeds the duration of any delivery in progress, milliseconds. */
const LEFT_OVER_MS = 24 * 3_600_000;

/**
 * A bucket as a destination of sealed evidence: `<prefix><tenant>/<name>`. A key is written in one request or in parts, so that it exists
 * completely or not at all. Notes of multipart uploads in progress are under `<prefix>.incoming/`.
 */
export class S3Destination extends ExportDestination {
  private readonly bucket: S3Bucket;

  /** Makes no request. */
  constructor(private readonly settings: S3Settings) {
    super();
    this.bucket = new S3Bucket(connectS3(settings), settings.bucket);
  }

  /** Closes idle connections. */
  close(): void {
    this.bucket.client.destroy();
  }

  async deliver(file: ExportedFile, content: () => Promise<AsyncIterable<Uint8Array>>): Promise<boolean> {
    const { prefix, spoolDirectory, partSize } = this.settings;
    const key = `${prefix}${file.tenant}/${file.name}`;
    if (await this.holds(key, file).catch(throwDestinationError)) return false;
    const spool = new Spool(spoolDirectory, partSize);
    try {
      for await (const piece of await content()) await spool.add(piece);
      await this.put(key, spool, file).catch(throwDestinationError);
      return true;
    } finally {
      await spool.close();
    }
  }

  private async holds(key: string, { size, digest }: ExportedFile): Promise<boolean> {
    if ((await this.bucket.head(key))?.size !== size) return false;
    const stored = await this.bucket.get(key);
    if (stored === null) return false;
    const hash = createHash('sha256');
    for await (const piece of stored.pieces) hash.update(piece);
    return `sha256:${hash.digest('hex')}` === digest;
  }

  private async put(key: string, spool: Spool, { digest }: ExportedFile): Promise<void> {
    if (spool.isSmall) return this.bucket.put(key, await spool.read(0, spool.size), digest.slice('sha256:'.length));
    const { prefix } = this.settings;
    const notes = `${prefix}.incoming/`;
    const now = await this.bucket.now(notes);
    await sweepMultiparts(this.bucket, notes, prefix, now - LEFT_OVER_MS);
    await putInParts(this.bucket, notes, key, spool, this.settings);
  }
}
