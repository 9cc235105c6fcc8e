import { readDocument } from '@taskrunner/core/document';
import { EvidenceError, readTrust, type TrustFile } from '@taskrunner/core/evidence';
import { isCodedError, type Fault } from '@taskrunner/core/foundation';
import { bytesOf } from '../packs/pack-argument';

const HELP = 'Correct the trust file, or get it again from its issuer. The guide "auditing" describes the format.';

/** Reads a trust file. Throws `CLI_FILE`, or `TRUST_INVALID` with each fault at its line and column. */
export async function readTrustFile(path: string): Promise<TrustFile> {
  const text = (await bytesOf(path)).toString('utf8');
  try {
    return readTrust(text);
  } catch (error) {
    if (isCodedError(error)) throw refusal(path, faultsIn(text, error), error);
    throw error;
  }
}

function refusal(path: string, faults: readonly Fault[], cause: unknown): EvidenceError {
  const [first, ...others] = faults;
  if (first === undefined || others.length > 0)
    return new EvidenceError('TRUST_INVALID', `${path} has ${faults.length} errors`, HELP, faults, { cause });
  const place = first.line === null ? '' : `:${first.line}:${first.column ?? 1}`;
  return new EvidenceError('TRUST_INVALID', `${path}${place} ${first.message}`, HELP, [], { cause });
}

/** A fault with its position: by offset if the text is not JSON, otherwise by pointer. */
function faultsIn(
  text: string,
  error: { readonly message: string; readonly faults: readonly Fault[] },
): readonly Fault[] {
  const { message, faults } = error;
  if (faults.length > 0) {
    const read = readDocument(text);
    const positionOf = read.kind === 'read' ? read.keyPositionOf : (): object => ({});
    return faults.map((fault) => ({
      ...fault,
      code: 'TRUST_INVALID',
      message: `${fault.path} ${fault.message}`,
      remediation: 'The guide "auditing" describes the format of a trust file.',
      ...positionOf(fault.path),
    }));
  }
  const offset = / at offset (\d+)$/.exec(message);
  const before = text.slice(0, Number(offset?.[1] ?? 0)).split('\n');
  const place = offset
    ? { line: before.length, column: (before.at(-1) ?? '').length + 1 }
    : { line: null, column: null };
  return [
    { code: 'TRUST_INVALID', path: '', ...place, message: message.replace(/ at offset \d+$/, ''), remediation: HELP },
  ];
}
