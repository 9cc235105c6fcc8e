import { CodedError, type ObjectStoreErrorCode } from '@taskrunner/core';

const REMEDIES: Record<ObjectStoreErrorCode, string> = {
  OBJECT_MISSING: 'Check the digest; the object may have passed its retention.',
  OBJECT_TOO_LARGE: 'Send less, or raise the limit in the configuration.',
  OBJECT_DIGEST_MISMATCH: 'Restore the object from a backup, or store it again.',
  OBJECT_RANGE: 'Ask for bytes that the object has.',
  OBJECT_STORE_UNAVAILABLE: 'Try again; if it stays, look at the object store and at the room it has.',
  OBJECT_STORE_REFUSED:
    'Check bucket, credentials and rights (`artifacts` in the configuration): to read, write, list and delete.',
};

export const missing = (cause?: unknown) => refusal('OBJECT_MISSING', 'there is no such object', cause);

export const altered = () => refusal('OBJECT_DIGEST_MISMATCH', 'the stored bytes were altered');

export const unannounced = () => refusal('OBJECT_DIGEST_MISMATCH', 'the bytes are not those that were announced');

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
