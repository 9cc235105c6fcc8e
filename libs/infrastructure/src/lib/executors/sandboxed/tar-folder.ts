import { isCodedError } from '@taskrunner/core/foundation';
import type { StepFile, StepSandbox } from '@taskrunner/core/ports';
import { refusal } from '../step/executor-error';

const MAX_ENTRIES = 10_000;
/** Overhead of a tar in bytes: a header with a long name, the header itself, and padding of the last block of a file. */
const AROUND_ENTRY = 8 * 1_024;

/**
 * The files of an untrusted tar, below `folder`. The reader accepts only complete tars with regular files under plain relative names,
 * without duplicates. At most 10 000 files and `maxBytes`.
 */
export async function* filesOfTar(
  entries: StepSandbox['entriesOfTar'],
  content: AsyncIterable<Uint8Array>,
  folder: string,
  maxBytes: number,
): AsyncGenerator<StepFile> {
  const limits = { maxBytes: maxBytes + MAX_ENTRIES * AROUND_ENTRY, maxFiles: MAX_ENTRIES, maxFileBytes: maxBytes };
  let files = 0;
  let bytes = 0;
  try {
    for await (const { path, size, executable, content: file } of entries(content, limits)) {
      files += 1;
      bytes += size;
      if (bytes > maxBytes) throw refusal('FILE_TOO_LARGE', `the tar at ${folder} has more than ${maxBytes} bytes`);
      yield { path: `${folder}${path}`, content: whole(file, folder), executable };
    }
  } catch (error) {
    throw ofStep(error, folder);
  }
  if (files === 0) throw refusal('FILE_NOT_A_TAR', `the tar at ${folder} is empty`);
}

/** The bytes of one file; throws if the tar ends in the middle of it. */
async function* whole(file: AsyncIterable<Uint8Array>, folder: string): AsyncGenerator<Uint8Array> {
  try {
    yield* file;
  } catch (error) {
    throw ofStep(error, folder);
  }
}

/** Converts errors of the archive reader into codes of steps. */
function ofStep(error: unknown, folder: string): unknown {
  if (!isCodedError(error) || !error.code.startsWith('ARCHIVE_')) return error;
  const code = error.code === 'ARCHIVE_TOO_LARGE' ? 'FILE_TOO_LARGE' : 'FILE_NOT_A_TAR';
  return refusal(code, `the tar at ${folder} is invalid: ${error.message}`, { cause: error });
}
