import { createHash } from 'node:crypto';
import { constants, read } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';

const { O_CREAT, O_DIRECT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;
const readAt = promisify(read);
const PIECE = 4 * 1024 * 1024;
const PIECES = 4;
/** Block size of direct I/O. */
const BLOCK = 4_096;
const PAGE_OF_WASM = 65_536;
let memory: ArrayBuffer | null = null;

/** The required part of the global. Only the types of browsers declare it. */
declare const WebAssembly: {
  readonly Memory: new (descriptor: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

/** The source is shorter than announced. */
export class Cut extends Error {}

/**
 * Writes the first `size` bytes of an open file to `path`, if possible past the page cache. The file is not yet durable. Resolves with the
 * SHA-256 of the written bytes: each piece is read once, then hashed and written from the same memory, so concurrent writes to the source
 * cannot separate digest and content. Reading, hashing and writing overlap. Throws `Cut`, and errors of the file system.
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
      // The next read must start before hashing blocks this thread.
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

/** Page-aligned memory, which direct I/O requires. Node's own buffers are not aligned. */
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

/** Writes whole blocks. The padding after the last piece is truncated at the end. */
async function put(target: FileHandle, { buffer, byteOffset, length }: Uint8Array, position: number): Promise<void> {
  const blocks = new Uint8Array(buffer, byteOffset, Math.ceil(length / BLOCK) * BLOCK);
  for (let at = 0; at < blocks.length;)
    at += (await target.write(blocks, at, blocks.length - at, position + at)).bytesWritten;
}

/** Prevents an unhandled rejection before the promise is awaited. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
