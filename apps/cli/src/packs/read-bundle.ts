import { createReadStream } from 'node:fs';
import { isCodedError } from '@taskrunner/core';
import { readTar, writeTar } from '@taskrunner/infrastructure/offline';
import { unreadable } from './pack-argument';

/** An evidence bundle as its archive gives it. */
export interface ReadBundle {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What is wrong with the archive itself. */
  readonly faults: readonly string[];
}

const LIMITS = { maxBytes: 2 * 1024 ** 3, maxFiles: 250_000, maxFileBytes: 1024 ** 3 };

/**
 * Reads a bundle. What is wrong with the archive is a finding of the verification, not an error. A plain tar must be, byte for byte, the
 * one that its files make (evidence.md §3: one deterministic tar), so that no change to it goes unseen.
 */
export async function readBundleFile(path: string): Promise<ReadBundle> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>)
      pieces.push(piece);
  } catch (error) {
    throw unreadable(path, error);
  }
  const bytes = Buffer.concat(pieces);
  try {
    const files = await readTar(once(bytes), LIMITS);
    const isCanonical = await equals(bytes, writeTar(sorted(files)));
    return { files, faults: isCanonical ? [] : ['the archive is not the deterministic tar that its files make'] };
  } catch (error) {
    if (isCodedError(error)) return { files: new Map(), faults: [`${error.code}: ${error.message}`] };
    throw error;
  }
}

function* sorted(files: ReadonlyMap<string, Uint8Array>): Generator<{ path: string; bytes: Uint8Array }> {
  for (const path of [...files.keys()].sort()) yield { path, bytes: files.get(path) ?? new Uint8Array() };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function equals(bytes: Buffer, expected: AsyncIterable<Uint8Array>): Promise<boolean> {
  let at = 0;
  for await (const piece of expected) {
    if (!bytes.subarray(at, at + piece.length).equals(piece)) return false;
    at += piece.length;
  }
  return at === bytes.length;
}
