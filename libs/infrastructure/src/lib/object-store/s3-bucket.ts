import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isNoKey, throwS3Error } from './s3-connection';

/** Metadata of a key in the bucket. */
interface S3Facts {
  readonly size: number;
  /** Milliseconds since the epoch by the server's clock, in whole seconds. */
  readonly writtenMs: number;
}

/** A key in a list. */
interface S3Entry extends S3Facts {
  readonly key: string;
}

/** Sends plain requests to one bucket. Errors are `OBJECT_STORE_UNAVAILABLE` and `OBJECT_STORE_REFUSED`. */
export class S3Bucket {
  constructor(
    readonly client: S3Client,
    readonly name: string,
  ) {}

  async put(key: string, bytes: Uint8Array, sha256?: string): Promise<void> {
    const Bucket = this.name;
    const checksum = sha256 === undefined ? {} : { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') };
    await this.client.send(new PutObjectCommand({ Bucket, Key: key, Body: bytes, ...checksum })).catch(throwS3Error);
  }

  /** Reads the metadata of a key. Null if the key does not exist. */
  async head(key: string): Promise<S3Facts | null> {
    try {
      const found = await this.client.send(new HeadObjectCommand({ Bucket: this.name, Key: key }));
      return { size: found.ContentLength ?? 0, writtenMs: found.LastModified?.getTime() ?? 0 };
    } catch (error) {
      return isNoKey(error) ? null : throwS3Error(error);
    }
  }

  /** Reads the bytes of a key, or of a range. Null if the key does not exist. The request is made at once; iterating reads the body. */
  async get(key: string, range?: { readonly first: number; readonly last: number }): Promise<S3Body | null> {
    const abort = new AbortController();
    const Range = range && `bytes=${range.first}-${range.last}`;
    try {
      const command = new GetObjectCommand({ Bucket: this.name, Key: key, ...(Range === undefined ? {} : { Range }) });
      const found = await this.client.send(command, { abortSignal: abort.signal });
      return { contentRange: found.ContentRange ?? null, pieces: piecesOf(found.Body as S3Stream, abort) };
    } catch (error) {
      return isNoKey(error) ? null : throwS3Error(error);
    }
  }

  async delete(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: this.name, Key: key })).catch(throwS3Error);
  }

  /** Lists keys with this prefix, page by page. */
  async *list(prefix: string): AsyncGenerator<readonly S3Entry[]> {
    for await (const { entries } of this.pages({ Prefix: prefix })) yield entries;
  }

  /** Lists the first keys with this prefix. */
  async firstOf(prefix: string): Promise<readonly S3Entry[]> {
    for await (const { entries } of this.pages({ Prefix: prefix, MaxKeys: 10 })) return entries;
    return [];
  }

  /** Lists the parts of the keys between the prefix and the next slash. */
  async foldersIn(prefix: string): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const { folders } of this.pages({ Prefix: prefix, Delimiter: '/' }))
      names.push(...folders.map((folder) => folder.slice(prefix.length, -1)));
    return names;
  }

  /** The server's current time: milliseconds since the epoch, in whole seconds. */
  async now(probes: string): Promise<number> {
    const key = `${probes}${randomUUID()}`;
    await this.put(key, new Uint8Array());
    const found = await this.head(key);
    await this.delete(key);
    return found?.writtenMs ?? 0;
  }

  private async *pages(question: {
    readonly Prefix: string;
    readonly Delimiter?: string;
    readonly MaxKeys?: number;
  }): AsyncGenerator<{ readonly entries: readonly S3Entry[]; readonly folders: readonly string[] }> {
    let token: string | undefined;
    do {
      const more = token === undefined ? {} : { ContinuationToken: token };
      const page = await this.client
        .send(new ListObjectsV2Command({ Bucket: this.name, ...question, ...more }))
        .catch(throwS3Error);
      yield {
        entries: (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => {
          return { key: Key, size: Size, writtenMs: LastModified?.getTime() ?? 0 };
        }),
        folders: (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix),
      };
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }
}

/** A response whose bytes are still to be read. */
interface S3Body {
  readonly contentRange: string | null;
  readonly pieces: AsyncIterable<Uint8Array>;
}

type S3Stream = AsyncIterable<Uint8Array> & { destroy(): void; on(event: 'error', listener: () => void): void };

/** The body's pieces. Ending the iteration early closes the connection. */
function piecesOf(stream: S3Stream, abort: AbortController): AsyncIterable<Uint8Array> {
  // Before the body is read, no other listener handles a broken connection.
  stream.on('error', () => undefined);
  const pieces = async function* () {
    try {
      for await (const piece of stream) yield piece;
    } catch (error) {
      throwS3Error(error);
    } finally {
      stream.destroy();
      abort.abort();
    }
  };
  return pieces();
}
