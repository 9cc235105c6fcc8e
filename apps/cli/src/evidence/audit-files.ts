import {
  decodeEnvelope,
  readAuditExport,
  readCheckpoint,
  readCheckpointFile,
  type AuditEntry,
  type Envelope,
} from '@taskrunner/core/evidence';
import { isCodedError } from '@taskrunner/core/foundation';
import { CliError } from '../terminal/cli-error';

/** Reads an export of the audit chain. Throws `CLI_AUDIT_CHAIN` if the file is none. */
export function exportIn(file: string, text: string): readonly AuditEntry[] {
  return read(file, 'an export of the audit chain', text, () => readAuditExport(text));
}

/** Reads a file of checkpoints. Throws `CLI_AUDIT_CHAIN` if the file is none. */
export function checkpointsIn(file: string, text: string): readonly Envelope[] {
  return read(file, 'a file of checkpoints', text, () => {
    const found = readCheckpointFile(text);
    found.forEach(countOf);
    return found;
  });
}

/** Number of entries that a checkpoint claims to cover. Nothing is verified. */
export function countOf(envelope: Envelope): number {
  return readCheckpoint(decodeEnvelope(envelope).payload).count;
}

/** What must stand before further lines: an editor may have removed the last newline. */
export function leadOf(text: string): '' | '\n' {
  return text === '' || text.endsWith('\n') ? '' : '\n';
}

function read<Found>(file: string, what: string, text: string, found: () => Found): Found {
  try {
    return found();
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const message = `${file} is not ${what}: ${error.message}`;
    throw new CliError('CLI_AUDIT_CHAIN', message, remedyFor(text), [], { cause: error });
  }
}

function remedyFor(text: string): string {
  const [first = ''] = text.split('\n');
  if (!text.endsWith('\n') && !text.endsWith('}'))
    return 'Its last line is incomplete, as after a full disk. Export from the first entry, with --file and another path.';
  if (first.includes('"payloadType"'))
    return 'It has checkpoints. `audit checkpoints --file` continues it, and `audit verify` takes it with --checkpoints.';
  if (first.includes('"seq"'))
    return 'It has entries of the chain. `audit export --file` continues it, and `audit verify` takes it as its argument.';
  return 'Use a file that `audit export --file` or `audit checkpoints --file` wrote.';
}
