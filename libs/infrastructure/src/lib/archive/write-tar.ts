import { encodePax } from './pax-records';
import { BLOCK, encodeHeader, MAX_OCTAL_SIZE } from './tar-header';

/** A file to be archived. */
export interface TarSource {
  /** Relative, forward slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable?: boolean;
}

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
  for await (const { path, bytes, executable = false } of files) {
    if (path === '' || path.includes('\0')) throw new TypeError('a file in a tar needs a name without NUL');
    const fit = splitName(path);
    const records = {
      ...(fit === null && { path }),
      ...(bytes.length > MAX_OCTAL_SIZE && { size: String(bytes.length) }),
    };
    if (Object.keys(records).length > 0) {
      const pax = encodePax(records);
      yield encodeHeader('PaxHeaders/file', '', 'x', pax.length);
      yield* padded(pax);
      at += BLOCK + paddedSize(pax.length);
    }
    const { name, prefix } = fit ?? { name: 'PaxHeaders/name', prefix: '' };
    yield encodeHeader(name, prefix, '0', bytes.length, executable);
    placed(path, at + BLOCK);
    yield* padded(bytes);
    at += BLOCK + paddedSize(bytes.length);
  }
  yield new Uint8Array(2 * BLOCK);
}

function paddedSize(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function* padded(bytes: Uint8Array): Generator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
  const over = bytes.length % BLOCK;
  if (over > 0) yield new Uint8Array(BLOCK - over);
}

/** The two name fields of ustar, or null for a name that they cannot hold: not ASCII, or too long in either part. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | null {
  if (!/^[\x01-\x7f]*$/.test(path)) return null;
  if (path.length <= 100) return { name: path, prefix: '' };
  const slash = path.indexOf('/', path.length - 101);
  if (slash < 1 || slash > 155 || slash === path.length - 1) return null;
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}
