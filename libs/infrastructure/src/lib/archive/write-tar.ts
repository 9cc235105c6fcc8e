import { encodePax } from './pax-records';
import { BLOCK, encodeHeader, MAX_OCTAL_SIZE } from './tar-header';

/** A file to be archived. */
export type TarSource = {
  /** Relative, forward slashes. */
  readonly path: string;
  readonly executable?: boolean;
} & (
  | { readonly bytes: Uint8Array }
  /** Asked for when its turn has come, and handed on as it comes: it must give exactly `size` bytes. */
  | { readonly size: number; pieces(): AsyncIterable<Uint8Array> }
);

/**
 * A tar (ustar; pax records only where a name or size does not fit) that depends on paths and bytes alone: mode 0644 (0755 for what may be
 * executed), owner and times zero, files in the order in which they come: the caller sorts. Files are asked for one at a time, so that they may be made on the way.
 * `placed` is told where the content of each file begins.
 */
export async function* writeTar(
  files: Iterable<TarSource> | AsyncIterable<TarSource>,
  placed: (path: string, offset: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const file of files) {
    const size = 'bytes' in file ? file.bytes.length : file.size;
    for (const piece of headOf(file.path, size, file.executable ?? false)) {
      yield piece;
      at += piece.length;
    }
    placed(file.path, at);
    if (!('bytes' in file)) yield* exactly(file.size, file.pieces());
    else if (size > 0) yield file.bytes;
    const padding = paddingOf(size);
    if (padding.length > 0) yield padding;
    at += size + padding.length;
  }
  yield new Uint8Array(2 * BLOCK);
}

/** True if the bytes are, one for one, what `writeTar` writes for these files in this order. */
export function isTarOf(
  bytes: Uint8Array,
  files: Iterable<{ readonly path: string; readonly executable?: boolean; readonly bytes: Uint8Array }>,
): boolean {
  const held = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const follows = (piece: Uint8Array): boolean => {
    at += piece.length;
    return held.subarray(at - piece.length, at).equals(piece);
  };
  for (const { path, executable = false, bytes: content } of files) {
    if (!headOf(path, content.length, executable).every(follows)) return false;
    if (!follows(content) || !follows(paddingOf(content.length))) return false;
  }
  return follows(new Uint8Array(2 * BLOCK)) && at === held.length;
}

/** What stands before the content of a file: its header, and pax records before that where it cannot say all. */
function headOf(path: string, size: number, executable: boolean): readonly Uint8Array[] {
  if (path === '' || path.includes('\0')) throw new TypeError('a file in a tar needs a name without NUL');
  const fit = splitName(path);
  const { name, prefix } = fit ?? { name: 'PaxHeaders/name', prefix: '' };
  const header = encodeHeader(name, prefix, '0', size, executable);
  if (fit !== null && size <= MAX_OCTAL_SIZE) return [header];
  const pax = encodePax({ ...(fit === null && { path }), ...(size > MAX_OCTAL_SIZE && { size: String(size) }) });
  const padding = paddingOf(pax.length);
  return [encodeHeader('PaxHeaders/file', '', 'x', pax.length), pax, ...(padding.length > 0 ? [padding] : []), header];
}

const ZEROES = new Uint8Array(BLOCK);

/** The zeroes that fill the last block of so many bytes; none if it is full. */
function paddingOf(size: number): Uint8Array {
  return ZEROES.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK);
}

/** The header has said how many bytes come: with fewer or more, what follows would be read as something else. */
async function* exactly(size: number, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let supplied = 0;
  for await (const piece of pieces) {
    supplied += piece.length;
    if (supplied > size) break;
    yield piece;
  }
  if (supplied !== size) throw new TypeError(`a file of ${size} bytes gave ${supplied > size ? 'more' : supplied}`);
}

/** The two name fields of ustar, or null for a name that they cannot hold: not ASCII, or too long in either part. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | null {
  if (!/^[\x01-\x7f]*$/.test(path)) return null;
  if (path.length <= 100) return { name: path, prefix: '' };
  const slash = path.indexOf('/', path.length - 101);
  if (slash < 1 || slash > 155 || slash === path.length - 1) return null;
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}
