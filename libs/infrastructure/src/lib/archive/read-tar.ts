import type { TarEntry } from '@taskrunner/core/ports';
import { refusal, shownName } from './archive-error';
import { ByteSource } from './byte-source';
import { joined } from './bytes';
import { plainName, type EntryNames } from './entry-name';
import { decodePax } from './pax-records';
import { unpacked } from './unpacked';
import { BLOCK, decodeHeader, decodeText, type TarHeader } from './tar-header';

/** Limits of a reader. */
export interface TarLimits {
  /** Maximum bytes of the decompressed archive, including names and padding. */
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  /** Default `plain`. */
  readonly names?: EntryNames;
}

/** A file from an archive. */
export interface TarFile {
  /** Relative, plain, without a leading `./`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** Reads the files of an archive by path. Throws like `tarEntries`. */
export async function readTar(
  source: AsyncIterable<Uint8Array>,
  limits: TarLimits,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = await readTarFiles(source, limits);
  return new Map(files.map(({ path, bytes }) => [path, bytes]));
}

/** Reads the files of an archive into memory. Throws like `tarEntries`. */
export async function readTarFiles(source: AsyncIterable<Uint8Array>, limits: TarLimits): Promise<readonly TarFile[]> {
  const files: TarFile[] = [];
  for await (const { path, executable, content } of tarEntries(source, limits)) {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    files.push({ path, executable, bytes: joined(parts) });
  }
  return files;
}

/**
 * Reads an untrusted tar, plain or gzip (detected by its first bytes), entry by entry: regular files under plain relative names, without
 * duplicates. Entries of folders are skipped. Everything else is refused: links, devices, sparse files, names that lead outside or that
 * only some file systems distinguish (`ARCHIVE_UNSAFE`); data beyond the limits (`ARCHIVE_TOO_LARGE`, thrown before more is held in
 * memory); data that is not a tar, is truncated, or continues after its end (`ARCHIVE_INVALID`). An archive is known to be complete only
 * after it was read to the end.
 */
export async function* tarEntries(source: AsyncIterable<Uint8Array>, limits: TarLimits): AsyncGenerator<TarEntry> {
  const tar = new ByteSource(unpacked(source, limits.maxBytes), limits.maxBytes);
  const seen = new Set<string>();
  let next: { path?: string; size?: number } = {};
  try {
    for (let isFirst = true; ; isFirst = false) {
      const header = await nextHeader(tar, isFirst);
      if (header === null) break;
      const size = next.size ?? header.size;
      if (size > limits.maxFileBytes)
        throw refusal('ARCHIVE_TOO_LARGE', `a file in the archive has more than ${limits.maxFileBytes} bytes`);
      if (isRecord(header)) {
        if (size > MAX_RECORD_BYTES) throw refusal('ARCHIVE_TOO_LARGE', 'a record in the archive is too large');
        const bytes = await tar.take(size);
        if (bytes.length < size) throw cutOff();
        await tar.take(paddingOf(size));
        next = { ...next, ...meaningOf(header, bytes) };
        continue;
      }
      const path = filePath({ ...header, path: next.path ?? header.path, size }, limits.names ?? 'plain');
      next = {};
      const body = new Body(tar, size);
      if (path !== null) {
        const folded = path.normalize('NFC').toLowerCase();
        if (seen.has(folded)) throw refusal('ARCHIVE_UNSAFE', `the archive contains ${shownName(path)} twice`);
        seen.add(folded);
        if (seen.size > limits.maxFiles)
          throw refusal('ARCHIVE_TOO_LARGE', `the archive contains more than ${limits.maxFiles} files`);
        yield { path, size, executable: header.executable, content: body };
      }
      await body.skip();
      await tar.take(paddingOf(size));
    }
    for await (const part of tar.upTo(Infinity))
      if (part.some((byte) => byte !== 0)) throw refusal('ARCHIVE_INVALID', 'the tar has data after its end');
  } finally {
    await tar.close();
  }
}

const MAX_RECORD_BYTES = 1024 ** 2;

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function cutOff(): Error {
  return refusal('ARCHIVE_INVALID', 'the tar is truncated');
}

/** The bytes of one file, which can be read once. */
class Body implements AsyncIterable<Uint8Array> {
  private left: number;

  constructor(
    private readonly tar: ByteSource,
    size: number,
  ) {
    this.left = size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (this.left > 0) {
      let came = false;
      for await (const part of this.tar.upTo(this.left)) {
        came = true;
        this.left -= part.length;
        yield part;
        break;
      }
      if (!came) throw cutOff();
    }
  }

  async skip(): Promise<void> {
    for await (const _part of this);
  }
}

/** Reads the next header. Null at the end, which is a block of zeros. */
async function nextHeader(tar: ByteSource, isFirst: boolean): Promise<TarHeader | null> {
  const block = await tar.take(BLOCK);
  if (block.length < BLOCK)
    throw refusal('ARCHIVE_INVALID', isFirst ? 'not a tar' : 'the tar is truncated: its end is missing');
  return decodeHeader(block);
}

function isRecord({ type }: TarHeader): boolean {
  return type === 'x' || type === 'g' || type === 'L';
}

/** Interprets a record about the next file. Times and owners are ignored. Records that would change the content are refused. */
function meaningOf({ type }: TarHeader, bytes: Uint8Array): { path?: string; size?: number } {
  if (type === 'L') return { path: decodeText(bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes) };
  const records = decodePax(bytes);
  const odd = [...records.keys()].find(
    (key) => /^(GNU\.sparse\.|hdrcharset$|linkpath$)/.test(key) || (type === 'g' && /^(path|size)$/.test(key)),
  );
  if (odd !== undefined)
    throw refusal('ARCHIVE_UNSAFE', `the archive contains the unsupported pax record ${shownName(odd)}`);
  if (type === 'g') return {};
  const [path, size] = [records.get('path'), records.get('size')];
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw refusal('ARCHIVE_INVALID', 'a size in a pax record is not a number');
  return { ...(path !== undefined && { path }), ...(size !== undefined && { size: Number(size) }) };
}

const KINDS: Readonly<Record<string, string>> = {
  1: 'a hard link',
  2: 'a symbolic link',
  3: 'a device',
  4: 'a device',
  6: 'a FIFO',
  K: 'a link',
  S: 'a sparse file',
};

/** The file's path, or null for a folder. */
function filePath({ path, type, size }: TarHeader, names: EntryNames): string | null {
  const isFolder = type === '5' || (type === '0' && path.endsWith('/') && size === 0);
  if (!isFolder && type !== '0' && type !== '7')
    throw refusal('ARCHIVE_UNSAFE', `${shownName(path)} in the archive is ${KINDS[type] ?? 'not a regular file'}`);
  const plain = plainName(isFolder ? path.replace(/\/$/, '') : path, names);
  if (isFolder) return null;
  if (plain === '') throw refusal('ARCHIVE_UNSAFE', 'a file in the archive has no name');
  return plain;
}
