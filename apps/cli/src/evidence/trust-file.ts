import { EvidenceError, readTrust, TRUST_HELP, trustFaults, type TrustFile } from '@taskrunner/core/evidence';
import { isCodedError, type Fault } from '@taskrunner/core/foundation';
import { bytesOf } from '../packs/pack-argument';

/** Reads a trust file. Throws `CLI_FILE`, or `TRUST_INVALID` with each fault at its line and column. */
export async function readTrustFile(path: string): Promise<TrustFile> {
  const text = (await bytesOf(path)).toString('utf8');
  try {
    return readTrust(text);
  } catch (error) {
    if (isCodedError(error)) throw refusal(path, trustFaults(text, error), error);
    throw error;
  }
}

function refusal(path: string, faults: readonly Fault[], cause: unknown): EvidenceError {
  const [first, ...others] = faults;
  if (first === undefined || others.length > 0)
    return new EvidenceError('TRUST_INVALID', `${path} has ${faults.length} errors`, TRUST_HELP, faults, { cause });
  const place = first.line === null ? '' : `:${first.line}:${first.column ?? 1}`;
  return new EvidenceError('TRUST_INVALID', `${path}${place} ${first.message}`, TRUST_HELP, [], { cause });
}
