import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { isCodedError } from '@taskrunner/core';
import { refusal } from './executor-error';
import type { StepFile } from './sandbox-hands';

const MAX_ENTRIES = 10_000;

/**
 * The files of a tar, below `folder`. A tar may come from anybody: only regular files and folders, plain relative paths (judged where
 * they are laid down), at most 10 000 entries and `maxBytes`.
 */
export async function* filesOfTar(
  content: AsyncIterable<Uint8Array>,
  folder: string,
  maxBytes: number,
): AsyncGenerator<StepFile> {
  const extractor = extract();
  let lost: { readonly error: unknown } | null = null;
  const fed = pipeline(Readable.from(content), extractor).catch((error: unknown) => {
    lost = { error };
  });
  let entries = 0;
  let bytes = 0;
  try {
    for await (const entry of extractor) {
      const { name, type, mode = 0o644, size = 0 } = entry.header;
      bytes += size;
      if (++entries > MAX_ENTRIES)
        throw refusal('FILE_TOO_LARGE', `the tar at ${folder} has more than ${MAX_ENTRIES} entries`);
      if (bytes > maxBytes) throw refusal('FILE_TOO_LARGE', `the tar at ${folder} has more than ${maxBytes} bytes`);
      if (type === 'file' || type === 'contiguous-file') {
        const path = `${folder}${name.replace(/^\.\//, '')}`;
        yield { path, content: whole(entry as AsyncIterable<Uint8Array>, folder), executable: (mode & 0o111) !== 0 };
      } else if (type !== 'directory')
        throw refusal('FILE_NOT_A_TAR', `the tar at ${folder} holds a ${type ?? 'nameless entry'}`);
      entry.resume();
    }
    await fed;
  } catch (error) {
    const reason = (lost as { readonly error: unknown } | null)?.error ?? error;
    if (isCodedError(reason)) throw reason;
    throw notATar(folder, reason);
  } finally {
    extractor.destroy();
  }
  if (entries === 0) throw refusal('FILE_NOT_A_TAR', `what is mounted at ${folder} is not a tar, or an empty one`);
}

/** The bytes of one entry, or a refusal where the tar ends in the middle of it. */
async function* whole(entry: AsyncIterable<Uint8Array>, folder: string): AsyncGenerator<Uint8Array> {
  try {
    yield* entry;
  } catch (error) {
    throw isCodedError(error) ? error : notATar(folder, error);
  }
}

const notATar = (folder: string, cause: unknown) =>
  refusal('FILE_NOT_A_TAR', `what is mounted at ${folder} is not a tar`, { cause });
