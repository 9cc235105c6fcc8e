import { areSame } from './bytes';
import { encodePax } from './pax-records';
import { BLOCK, encodeHeader, MAX_OCTAL_SIZE } from './tar-header';

/** A file to be archived. */
export type TarSource = {
  /** Relative, forward slashes. */
  readonly path: string;
  readonly executable?: boolean;
} & (
  | { readonly bytes: Uint8Array }
  /** Called when the file is written. It must yield exactly `size` bytes. */
  | { readonly size: number; pieces(): AsyncIterable<Uint8Array> }
);

/**
 * Writes a tar (ustar; pax records only if a name or size does not fit) that depends only on paths and bytes: mode 0644 (0755 for
 * executable files), owner and times zero. Files keep the caller's order and are requested one at a time, so that they can be produced on
 * demand. Small ones are written together: their bytes must stay as they are. `placed` receives the offset of each file's content.
 */
export async function* writeTar(
  files: Iterable<TarSource> | AsyncIterable<TarSource>,
  placed: (path: string, offset: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  const joined = new JoinedPieces();
  for await (const file of files) {
    const size = 'bytes' in file ? file.bytes.length : file.size;
    for (const piece of headOf(file.path, size, file.executable ?? false)) {
      joined.add(piece);
      at += piece.length;
    }
    placed(file.path, at);
    if (!('bytes' in file)) {
      if (joined.size > 0) yield joined.take();
      yield* exactly(file.size, file.pieces());
    } else if (size < JOINED_BYTES) joined.add(file.bytes);
    else {
      if (joined.size > 0) yield joined.take();
      yield file.bytes;
    }
    const padding = paddingOf(size);
    joined.add(padding);
    at += size + padding.length;
    if (joined.size >= JOINED_BYTES) yield joined.take();
  }
  joined.add(new Uint8Array(2 * BLOCK));
  yield joined.take();
}

/** Pieces are yielded together up to about this size: a consumer that awaits each header of a small file takes longer than its bytes. */
const JOINED_BYTES = 64 * 1024;

class JoinedPieces {
  private pieces: Uint8Array[] = [];
  size = 0;

  add(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.size += piece.length;
  }

  /** All pieces since the last call, as one. */
  take(): Uint8Array {
    const joined = Buffer.concat(this.pieces, this.size);
    this.pieces = [];
    this.size = 0;
    return joined;
  }
}

/** True if the bytes equal the output of `writeTar` for these files in this order. */
export function isTarOf(
  bytes: Uint8Array,
  files: Iterable<{ readonly path: string; readonly executable?: boolean; readonly bytes: Uint8Array }>,
): boolean {
  let at = 0;
  const follows = (piece: Uint8Array): boolean => {
    at += piece.length;
    return areSame(bytes.subarray(at - piece.length, at), piece);
  };
  for (const { path, executable = false, bytes: content } of files) {
    if (!headOf(path, content.length, executable).every(follows)) return false;
    if (!follows(content) || !follows(paddingOf(content.length))) return false;
  }
  return follows(new Uint8Array(2 * BLOCK)) && at === bytes.length;
}

/** The bytes before the content of a file: its header, preceded by pax records if the header does not suffice. */
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

/** The zeros that fill the last block; none if it is full. */
function paddingOf(size: number): Uint8Array {
  return ZEROES.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK);
}

/** Yields exactly `size` bytes, as the header states. With fewer or more bytes, the following data would be misread. */
async function* exactly(size: number, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let supplied = 0;
  for await (const piece of pieces) {
    supplied += piece.length;
    if (supplied > size) break;
    yield piece;
  }
  if (supplied !== size) throw new TypeError(`a file of ${size} bytes gave ${supplied > size ? 'more' : supplied}`);
}

/** Splits a name into the two name fields of ustar. Null if it is not ASCII or does not fit. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | null {
  if (!/^[\x01-\x7f]*$/.test(path)) return null;
  if (path.length <= 100) return { name: path, prefix: '' };
  const slash = path.indexOf('/', path.length - 101);
  if (slash < 1 || slash > 155 || slash === path.length - 1) return null;
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}
