import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { isCodedError } from '@taskrunner/core';
import { refusal, shownName } from './archive-error';
import { decodePax } from './pax-records';
import { BLOCK, decodeHeader, decodeText, type TarHeader } from './tar-header';

/** The most that a reader takes. */
export interface TarLimits {
  /** The archive, unpacked from gzip: names, padding and all. */
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly maxFileBytes: number;
}

/** A file from an archive. */
export interface TarFile {
  /** Relative, plain, without a leading `./`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** The files of an archive by path. Refuses as `readTarFiles` does. */
export async function readTar(
  source: AsyncIterable<Uint8Array>,
  limits: TarLimits,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = await readTarFiles(source, limits);
  return new Map(files.map(({ path, bytes }) => [path, bytes]));
}

/**
 * Reads a tar from anybody, plain or gzip (told by its first bytes): regular files under plain relative names, each once, in memory.
 * Folders say nothing of their own. Everything else is refused: links, devices, sparse files, absolute names, `..`, NUL, doubles,
 * also those that only some file systems take for one (`ARCHIVE_UNSAFE`); more than the limits (`ARCHIVE_TOO_LARGE`, told before
 * more is held); what is no tar, is cut off, or goes on behind its end (`ARCHIVE_INVALID`).
 */
export async function readTarFiles(source: AsyncIterable<Uint8Array>, limits: TarLimits): Promise<readonly TarFile[]> {
  return filesIn(await unpacked(source, limits.maxBytes), limits);
}

async function unpacked(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const packed = await collect(source, maxBytes);
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return packed;
  const gunzip = createGunzip();
  try {
    return await collect(Readable.from([packed]).pipe(gunzip) as AsyncIterable<Uint8Array>, maxBytes);
  } catch (error) {
    if (isCodedError(error)) throw error;
    throw refusal('ARCHIVE_INVALID', 'the gzip around the tar is damaged', error);
  } finally {
    gunzip.destroy();
  }
}

async function collect(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > maxBytes) throw refusal('ARCHIVE_TOO_LARGE', `the archive has more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces, size);
}

function filesIn(tar: Uint8Array, limits: TarLimits): readonly TarFile[] {
  const files: TarFile[] = [];
  const seen = new Set<string>();
  let next: { path?: string; size?: number } = {};
  let at = 0;
  for (;;) {
    const header = headerAt(tar, at);
    if (header === null) break;
    at += BLOCK;
    const size = next.size ?? header.size;
    if (size > limits.maxFileBytes)
      throw refusal('ARCHIVE_TOO_LARGE', `a file in the archive has more than ${limits.maxFileBytes} bytes`);
    const end = at + size;
    if (end > tar.length) throw refusal('ARCHIVE_INVALID', 'the tar is cut off');
    const bytes = tar.subarray(at, end);
    at += Math.ceil(size / BLOCK) * BLOCK;
    if (isRecord(header)) next = { ...next, ...meaningOf(header, bytes) };
    else {
      const file = fileOf({ ...header, path: next.path ?? header.path }, bytes);
      next = {};
      if (file === null) continue;
      const folded = file.path.normalize('NFC').toLowerCase();
      if (seen.has(folded)) throw refusal('ARCHIVE_UNSAFE', `the archive holds ${shownName(file.path)} twice`);
      seen.add(folded);
      files.push(file);
      if (files.length > limits.maxFiles)
        throw refusal('ARCHIVE_TOO_LARGE', `the archive holds more than ${limits.maxFiles} files`);
    }
  }
  if (tar.subarray(at).some((byte) => byte !== 0)) throw refusal('ARCHIVE_INVALID', 'the tar goes on behind its end');
  return files;
}

/** Null at the end: a block of zeroes. */
function headerAt(tar: Uint8Array, at: number): TarHeader | null {
  if (at + BLOCK > tar.length)
    throw refusal('ARCHIVE_INVALID', at === 0 ? 'not a tar' : 'the tar is cut off: it has no end');
  return decodeHeader(tar.subarray(at, at + BLOCK));
}

function isRecord({ type }: TarHeader): boolean {
  return type === 'x' || type === 'g' || type === 'L';
}

/** What a record says of the next file. Times and owners are nothing to us; what would change the content is refused. */
function meaningOf({ type }: TarHeader, bytes: Uint8Array): { path?: string; size?: number } {
  if (type === 'L') return { path: decodeText(bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes) };
  const records = decodePax(bytes);
  const odd = [...records.keys()].find(
    (key) => /^(GNU\.sparse\.|hdrcharset$|linkpath$)/.test(key) || (type === 'g' && /^(path|size)$/.test(key)),
  );
  if (odd !== undefined) throw refusal('ARCHIVE_UNSAFE', `the archive uses the pax record ${shownName(odd)}`);
  if (type === 'g') return {};
  const [path, size] = [records.get('path'), records.get('size')];
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw refusal('ARCHIVE_INVALID', 'a size in a pax record is none');
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

/** The file, or null for a folder. */
function fileOf({ path, type, executable }: TarHeader, bytes: Uint8Array): TarFile | null {
  const isFolder = type === '5' || (type === '0' && path.endsWith('/') && bytes.length === 0);
  if (!isFolder && type !== '0' && type !== '7')
    throw refusal('ARCHIVE_UNSAFE', `${shownName(path)} in the archive is ${KINDS[type] ?? 'no regular file'}`);
  const plain = plainPath(isFolder ? path.replace(/\/$/, '') : path);
  if (isFolder) return null;
  if (plain === '') throw refusal('ARCHIVE_UNSAFE', 'a file in the archive has no name');
  return { path: plain, bytes, executable };
}

/** Without a leading `./`. */
function plainPath(path: string): string {
  const plain = path.replace(/^(?:\.\/)+/, '');
  if (plain === '' || plain === '.') return '';
  const parts = plain.split('/');
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && part.length <= 255);
  if (!isPlain || /[\0\\]/.test(plain) || plain.length > 4_096)
    throw refusal('ARCHIVE_UNSAFE', `the archive holds the name ${shownName(path)}`);
  return plain;
}
