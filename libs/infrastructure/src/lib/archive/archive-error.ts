import { CodedError } from '@taskrunner/core/foundation';

/** Reasons why an archive is refused. */
export type ArchiveErrorCode =
  /** It is not a tar, or it is damaged. */
  | 'ARCHIVE_INVALID'
  /** The archive contains entries that may not be unpacked: links, devices, names that lead outside, duplicate names. */
  | 'ARCHIVE_UNSAFE'
  /** It exceeds the limits of the reader. */
  | 'ARCHIVE_TOO_LARGE';

const REMEDIES: Record<ArchiveErrorCode, string> = {
  ARCHIVE_INVALID:
    'Create the archive again with tar (ustar, pax or GNU format; plain or gzip), and copy it in binary mode.',
  ARCHIVE_UNSAFE: 'Include only regular files with plain relative paths, each one once.',
  ARCHIVE_TOO_LARGE: 'Remove files that are not needed.',
};

export function refusal(code: ArchiveErrorCode, message: string, cause?: unknown): CodedError<ArchiveErrorCode> {
  return new CodedError(code, message, REMEDIES[code], [], cause === undefined ? undefined : { cause });
}

/** Formats an untrusted name for an error message: quoted, shortened, control characters escaped. */
export function shownName(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
