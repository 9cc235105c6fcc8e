import { createHash } from 'node:crypto';
import { constants, read } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';

const { O_CREAT, O_DIRECT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;
const readAt = promisify(read);
const PIECE = 4 * 1024 * 1024;
const PIECES = 4;
/** What direct writing counts in. */
const BLOCK = 4_096;
const PAGE_OF_WASM = 65_536;
let memory: ArrayBuffer | null = null;

/** The part of it that is needed: it stands in the types of browsers alone. */
declare const WebAssembly: {
  readonly Memory: new (descriptor: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

/** The source has fewer bytes than it was said to have. */
export class Cut extends Error {}

/**
 * Writes the first `size` bytes of an open file to `path`, past the page cache where the file system can; not yet durable. Resolves with the
 * sha256 of what was written: a piece is read once, and hashed and written from the same memory, so it does not matter who else writes to the
 * source. Reading, hashing and writing go on at the same time. Throws `Cut`, and what the file system throws.
 */
export async function copy(source: number, path: string, size: number): Promise<`sha256:${string}`> {
  const target = await openDirect(path);
  const hash = createHash('sha256');
  const written: Promise<void>[] = [];
  const piece = (index: number): Uint8Array => {
    const length = Math.min(PIECE, size - index * PIECE);
    return new Uint8Array(pieces(), (index % PIECES) * PIECE, length);
  };
  const load = async (index: number): Promise<Uint8Array> => {
    await written[index - PIECES];
    const into = piece(index);
    await fill(source, into, index * PIECE);
    return into;
  };
  try {
    const count = Math.ceil(size / PIECE);
    let next = load(0);
    for (let index = 0; index < count; index++) {
      const bytes = await next;
      written.push(quiet(put(target, bytes, index * PIECE)));
      if (index + 1 < count) next = quiet(load(index + 1));
      // The next piece must be asked for before this thread is busy.
      await setImmediate();
      hash.update(bytes);
    }
    await Promise.all(written);
    await target.truncate(size);
    return `sha256:${hash.digest('hex')}`;
  } finally {
    await Promise.allSettled(written);
    await target.close();
  }
}

async function openDirect(path: string): Promise<FileHandle> {
  const flags = O_CREAT | O_NOFOLLOW | O_TRUNC | O_WRONLY;
  try {
    return await open(path, flags | O_DIRECT, 0o600);
  } catch {
    return open(path, flags, 0o600);
  }
}

/** Memory that begins at a page, as direct writing wants it: Node's own buffers do not. */
function pieces(): ArrayBuffer {
  return (memory ??= new WebAssembly.Memory({ initial: (PIECES * PIECE) / PAGE_OF_WASM }).buffer);
}

async function fill(source: number, into: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < into.length;) {
    const { bytesRead } = await readAt(source, into, at, into.length - at, position + at);
    if (bytesRead === 0) throw new Cut('the file was cut');
    at += bytesRead;
  }
}

/** Whole blocks: what follows the last piece in its block is cut off in the end. */
async function put(target: FileHandle, { buffer, byteOffset, length }: Uint8Array, position: number): Promise<void> {
  const blocks = new Uint8Array(buffer, byteOffset, Math.ceil(length / BLOCK) * BLOCK);
  for (let at = 0; at < blocks.length;)
    at += (await target.write(blocks, at, blocks.length - at, position + at)).bytesWritten;
}

/** Who waits for it later sees why it failed; until then nobody need. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
