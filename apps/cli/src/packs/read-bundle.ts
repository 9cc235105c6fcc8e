import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isCodedError, type Digest } from '@taskrunner/core/foundation';
import { isTarOf, readTar } from '@taskrunner/infrastructure/archive';
import { CliError } from '../terminal/cli-error';
import { unreadable } from './pack-argument';

/** An evidence bundle as read from its archive. */
export interface ReadBundle {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Faults of the archive itself. */
  readonly faults: readonly string[];
  /** `BUNDLE_UNREADABLE`, if the file is not a bundle at all; there are no files then. */
  readonly refusal: CliError | null;
  /** Size of the archive in bytes. */
  readonly size: number;
  /** Digest of the archive, computed on demand. */
  readonly sha256: () => Digest;
}

const LIMITS = { maxBytes: 2 * 1024 ** 3, maxFiles: 250_000, maxFileBytes: 1024 ** 3 };
const AGAIN = 'Get the bundle again from its source, and copy it in binary mode.';

/**
 * Reads a bundle. Faults of the archive are findings of the verification, not errors. A plain tar must equal, byte for byte, the one built
 * from its files (docs/guides/evidence-and-verification.md, Contents of a bundle), so that no change goes unnoticed.
 */
export async function readBundleFile(path: string): Promise<ReadBundle> {
  const bytes = bytesOf(path);
  const archive = {
    size: bytes.length,
    sha256: () => `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest,
  };
  const none = (fault: string, refusal: CliError | null): ReadBundle => {
    return { files: new Map<string, Uint8Array>(), faults: [fault], refusal, ...archive };
  };
  const refuse = (fault: string, what: string, help = AGAIN): ReadBundle =>
    none(fault, new CliError('BUNDLE_UNREADABLE', `${path} ${what}`, help));
  if (bytes.length === 0) return refuse('ARCHIVE_INVALID: not a tar', 'is empty');
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    return refuse(
      'ARCHIVE_INVALID: compressed with gzip',
      'is compressed with gzip; a bundle must be a plain tar',
      'Decompress it with `gunzip` first, and pass the tar.',
    );
  try {
    const files = await readTar(once(bytes), LIMITS);
    if (files.size === 0) return refuse('ARCHIVE_INVALID: no files', 'is a tar without files');
    const isCanonical = isTarOf(bytes, sorted(files));
    const faults = isCanonical
      ? []
      : ['the tar was changed or repacked: it differs from the tar that TaskRunner writes for these files'];
    return { files, faults, refusal: null, ...archive };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const fault = `${error.code}: ${error.message}`;
    if (error.code !== 'ARCHIVE_INVALID') return none(fault, null);
    const isTar = bytes.toString('latin1', 257, 262) === 'ustar';
    return refuse(fault, isTar ? `is a damaged tar: ${error.message}` : 'is not a tar');
  }
}

/** Read synchronously: nothing else happens meanwhile, and reading a large file in pieces costs a tenth of a second. */
function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function* sorted(files: ReadonlyMap<string, Uint8Array>): Generator<{ path: string; bytes: Uint8Array }> {
  for (const path of [...files.keys()].sort()) yield { path, bytes: files.get(path) ?? new Uint8Array() };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
