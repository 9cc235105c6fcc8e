import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Digest } from '@taskrunner/core/foundation';
import { readEvidenceBundle } from '@taskrunner/infrastructure/archive';
import { CliError } from '../terminal/cli-error';
import { unreadable } from './pack-argument';
import { refuseSpecialFile } from '../files/special-file';

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

/** Reads a bundle from its file. Throws `CLI_FILE`. */
export async function readBundleFile(path: string): Promise<ReadBundle> {
  refuseSpecialFile(path);
  const bytes = bytesOf(path);
  const { files, faults, refusal } = await readEvidenceBundle(bytes);
  return {
    files,
    faults,
    refusal: refusal && new CliError('BUNDLE_UNREADABLE', `${path} ${refusal.what}`, refusal.remediation),
    size: bytes.length,
    sha256: () => `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest,
  };
}

/** Read synchronously: nothing else happens meanwhile, and reading a large file in pieces costs a tenth of a second. */
function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}
