import { CodedError, type Digest } from '@taskrunner/core/foundation';
import type { ObjectStoreErrorCode } from '@taskrunner/core/ports';

const REMEDIES: Record<ObjectStoreErrorCode, string> = {
  OBJECT_MISSING: 'Check the digest. The object may be past its retention.',
  OBJECT_TOO_LARGE: 'Send less data, or raise the limit in the configuration.',
  OBJECT_DIGEST_MISMATCH: 'Restore the object from a backup, or store it again.',
  OBJECT_RANGE: 'Request a range within the size of the object.',
  OBJECT_STORE_UNAVAILABLE: 'Try again. If the error persists, check the object store and its free space.',
  OBJECT_STORE_REFUSED:
    'Check the bucket, the credentials and the permissions (`artifacts` in the configuration): read, write, list and delete.',
};

export const missing = (cause?: unknown) => refusal('OBJECT_MISSING', 'there is no such object', cause);

export const altered = (digest: Digest) =>
  refusal('OBJECT_DIGEST_MISMATCH', `the stored bytes of ${digest} were altered`);

export const unannounced = () =>
  refusal('OBJECT_DIGEST_MISMATCH', 'the bytes do not match the expected digest or size');

/** Throws `OBJECT_RANGE` for a range that an object of this size does not have. */
export function assertRange({ first, last }: { readonly first: number; readonly last: number }, size: number): void {
  if (!(Number.isSafeInteger(first) && first >= 0 && first <= last && last < size))
    throw refusal('OBJECT_RANGE', `the object has ${size} bytes`);
}

export function refusal(
  code: ObjectStoreErrorCode,
  message: string,
  cause?: unknown,
): CodedError<ObjectStoreErrorCode> {
  return new CodedError(code, message, REMEDIES[code], [], cause === undefined ? undefined : { cause });
}
