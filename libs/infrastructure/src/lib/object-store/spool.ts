import { randomUUID } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { throwStoreError } from './durable-files';
import { makeFolders } from '../files';

/**
 * Holds bytes that are read more than once: in memory up to `threshold`, beyond that in an unnamed file, which the system deletes even if
 * the process is killed.
 */
export class Spool {
  private held: Uint8Array[] = [];
  private file: FileHandle | null = null;
  size = 0;

  constructor(
    private readonly folder: string,
    private readonly threshold: number,
  ) {}

  async add(piece: Uint8Array): Promise<void> {
    this.size += piece.length;
    if (this.file !== null) return this.file.writeFile(piece).catch(throwStoreError);
    // The piece belongs to its producer, which may reuse its memory.
    this.held.push(new Uint8Array(piece));
    if (this.size <= this.threshold) return;
    this.file = await nameless(this.folder).catch(throwStoreError);
    const held = Buffer.concat(this.held);
    this.held = [];
    await this.file.writeFile(held).catch(throwStoreError);
  }

  /** True if all bytes are in memory. */
  get isSmall(): boolean {
    return this.file === null;
  }

  /** Reads the bytes from `first` up to, but not including, `end`. */
  async read(first: number, end: number): Promise<Uint8Array> {
    if (this.file === null) return Buffer.concat(this.held).subarray(first, end);
    const bytes = new Uint8Array(Math.min(end, this.size) - first);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await this.file.read(bytes, at, bytes.length - at, first + at).catch(throwStoreError);
      if (bytesRead === 0) throw new RangeError('a spooled file was truncated');
      at += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}

async function nameless(folder: string): Promise<FileHandle> {
  await makeFolders(folder, { mode: 0o700 });
  const path = join(folder, randomUUID());
  const file = await open(path, 'wx+', 0o600);
  await rm(path);
  return file;
}
