import { CodedError } from '@taskrunner/core/foundation';

/** Why an archive is refused. */
export type ArchiveErrorCode =
  /** It is no tar, or a damaged one. */
  | 'ARCHIVE_INVALID'
  /** It holds what may not be unpacked: links, devices, names that lead elsewhere, the same name twice. */
  | 'ARCHIVE_UNSAFE'
  /** It holds more than the reader takes. */
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

/** An untrusted name for a message: quoted, cut, control characters escaped. */
export function shownName(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
