import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Transform, Writable, type Readable, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Digest } from '@taskrunner/core/foundation';
import { damaged, throwReadError } from './backup-error';
import type { RowsFile } from './manifest';

/** The journal is already compressed. A higher level would take far longer and save little. */
const LEVEL = 1;

/** Writes the output of a `COPY` into a new file that only its owner can access, durably. */
export async function writeRows(folder: string, file: string, source: Readable): Promise<RowsFile> {
  const [rows, bytes] = [new Rows(), new Bytes()];
  const target = createWriteStream(join(folder, file), { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(source, rows, createGzip({ level: LEVEL }), bytes, target);
  return { file, rows: rows.count, bytes: bytes.count, digest: bytes.digest() };
}

/**
 * Pipes a file of rows into `sink` and compares it with its manifest entry.
 * @throws BackupError `BACKUP_DAMAGED`, `BACKUP_UNREADABLE`
 */
export async function readRows(folder: string, reported: RowsFile, sink: Writable = nowhere()): Promise<void> {
  const [rows, bytes] = [new Rows(), new Bytes()];
  const path = join(folder, reported.file);
  try {
    await pipeline(createReadStream(path), bytes, createGunzip(), rows, sink);
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (code === 'ENOENT') throw damaged(`${reported.file} is not in ${basename(dirname(path))}`, error);
    if (code.startsWith('Z_'))
      throw damaged(`${reported.file} cannot be decompressed: ${(error as Error).message}`, error);
    return throwReadError(path, error);
  }
  if (bytes.count !== reported.bytes || bytes.digest() !== reported.digest)
    throw damaged(
      `${reported.file} does not match the manifest: it has ${bytes.count} bytes, ${bytes.digest()}; expected ${reported.bytes} bytes, ${reported.digest}`,
    );
  if (rows.count !== reported.rows) throw damaged(`${reported.file} has ${rows.count} rows; expected ${reported.rows}`);
}

/** The rows of a file, split into fields. */
export function rowsOf(folder: string, { file }: RowsFile): AsyncIterable<Fields> {
  return fieldsOf(createReadStream(join(folder, file)).pipe(createGunzip()));
}

/** Values of a row; `\N` is null. */
export type Fields = readonly (string | null)[];

/** Splits rows of a `COPY` into fields. Only for values that need no escaping. */
export async function* fieldsOf(source: Readable): AsyncIterable<Fields> {
  let rest = '';
  for await (const piece of source.setEncoding('utf8') as AsyncIterable<string>) {
    const whole = (rest + piece).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) yield line.split('\t').map((field) => (field === '\\N' ? null : field));
  }
}

/** Formats fields as a row in `COPY` format. */
export function rowText(fields: Fields): string {
  return `${fields.map((field) => field ?? '\\N').join('\t')}\n`;
}

/** Hashes the bytes that pass through. */
class Bytes extends Transform {
  count = 0;
  private readonly hash = createHash('sha256');
  private hex: string | null = null;

  override _transform(piece: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.count += piece.length;
    this.hash.update(piece);
    done(null, piece);
  }

  digest(): Digest {
    return `sha256:${(this.hex ??= this.hash.digest('hex'))}` as Digest;
  }
}

/** Counts rows. In this format of `COPY` each row is one line, and no value contains a line break. */
class Rows extends Transform {
  count = 0;

  override _transform(piece: Buffer, _: BufferEncoding, done: TransformCallback): void {
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) this.count++;
    done(null, piece);
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_piece, _encoding, done) => done() });
}
