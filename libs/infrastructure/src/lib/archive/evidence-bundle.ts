import { isCodedError } from '@taskrunner/core/foundation';
import { readTar } from './read-tar';
import { isTarOf } from './write-tar';

/** An evidence bundle as read from its bytes. */
export interface EvidenceBundle {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Faults of the archive itself, for the check `archive.safe`. */
  readonly faults: readonly string[];
  /** Why the bytes are no bundle at all; there are no files then. `what` continues the name of the file. */
  readonly refusal: { readonly what: string; readonly remediation: string } | null;
}

const LIMITS = { maxBytes: 2 * 1024 ** 3, maxFiles: 250_000, maxFileBytes: 1024 ** 3 };
const AGAIN = 'Get the bundle again from its source, and copy it in binary mode.';

/**
 * Reads a bundle. Faults of the archive are findings of the verification, not errors. A plain tar must equal, byte for byte, the one built
 * from its files (docs/guides/evidence-and-verification.md, Contents of a bundle), so that no change goes unnoticed.
 */
export async function readEvidenceBundle(bytes: Uint8Array): Promise<EvidenceBundle> {
  if (bytes.length === 0) return refused('ARCHIVE_INVALID: not a tar', 'is empty');
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    return refused(
      'ARCHIVE_INVALID: compressed with gzip',
      'is compressed with gzip; a bundle must be a plain tar',
      'Decompress it with `gunzip` first, and pass the tar.',
    );
  try {
    const files = await readTar(once(bytes), LIMITS);
    if (files.size === 0) return refused('ARCHIVE_INVALID: no files', 'is a tar without files');
    const isCanonical = isTarOf(bytes, sorted(files));
    const faults = isCanonical
      ? []
      : ['the tar was changed or repacked: it differs from the tar that TaskRunner writes for these files'];
    return { files, faults, refusal: null };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const fault = `${error.code}: ${error.message}`;
    if (error.code !== 'ARCHIVE_INVALID') return none(fault, null);
    const isTar = String.fromCharCode(...bytes.subarray(257, 262)) === 'ustar';
    return refused(fault, isTar ? `is a damaged tar: ${error.message}` : 'is not a tar');
  }
}

function none(fault: string, refusal: EvidenceBundle['refusal']): EvidenceBundle {
  return { files: new Map<string, Uint8Array>(), faults: [fault], refusal };
}

function refused(fault: string, what: string, remediation = AGAIN): EvidenceBundle {
  return none(fault, { what, remediation });
}

function* sorted(files: ReadonlyMap<string, Uint8Array>): Generator<{ path: string; bytes: Uint8Array }> {
  for (const path of [...files.keys()].sort()) yield { path, bytes: files.get(path) ?? new Uint8Array() };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
