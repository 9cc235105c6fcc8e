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
    const { path, executable = false } = file;
    const size = 'bytes' in file ? file.bytes.length : file.size;
    if (path === '' || path.includes('\0')) throw new TypeError('a file in a tar needs a name without NUL');
    const fit = splitName(path);
    const records = {
      ...(fit === null && { path }),
      ...(size > MAX_OCTAL_SIZE && { size: String(size) }),
    };
    if (Object.keys(records).length > 0) {
      const pax = encodePax(records);
      yield encodeHeader('PaxHeaders/file', '', 'x', pax.length);
      yield pax;
      yield* padding(pax.length);
      at += BLOCK + paddedSize(pax.length);
    }
    const { name, prefix } = fit ?? { name: 'PaxHeaders/name', prefix: '' };
    yield encodeHeader(name, prefix, '0', size, executable);
    placed(path, at + BLOCK);
    if (!('bytes' in file)) yield* exactly(file.size, file.pieces());
    else if (size > 0) yield file.bytes;
    yield* padding(size);
    at += BLOCK + paddedSize(size);
  }
  yield new Uint8Array(2 * BLOCK);
}

function paddedSize(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function* padding(size: number): Generator<Uint8Array> {
  const over = size % BLOCK;
  if (over > 0) yield new Uint8Array(BLOCK - over);
}

/** The header has said how many bytes come: with fewer or more, what follows would be read as something else. */
async function* exactly(size: number, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let given = 0;
  for await (const piece of pieces) {
    given += piece.length;
    if (given > size) break;
    yield piece;
  }
  if (given !== size) throw new TypeError(`a file of ${size} bytes gave ${given > size ? 'more' : given}`);
}

/** The two name fields of ustar, or null for a name that they cannot hold: not ASCII, or too long in either part. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | null {
  if (!/^[\x01-\x7f]*$/.test(path)) return null;
  if (path.length <= 100) return { name: path, prefix: '' };
  const slash = path.indexOf('/', path.length - 101);
  if (slash < 1 || slash > 155 || slash === path.length - 1) return null;
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}
