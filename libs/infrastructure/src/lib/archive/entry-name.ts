import { refusal, shownName } from './archive-error';

const MAX_LENGTH = 4_096;
const MAX_DEPTH = 64;
const MAX_PART = 255;
/** Names that some file systems or programs treat specially. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
const OBEYED = new Set(['.git', '.ssh']);

/** Permitted names of an archive: `plain` relative ones, or only those that name one file on every file system. */
export type EntryNames = 'plain' | 'portable';

/**
 * Normalises an entry's name to a plain relative path, without a leading `./`; `''` for the archive's own root. Throws `ARCHIVE_UNSAFE` for
 * a path that leads outside. With `portable`, it also throws for names with control characters, trailing dots or spaces, drive letters,
 * device names, and files that programs act on.
 */
export function plainName(path: string, names: EntryNames): string {
  const plain = path.replace(/^(?:\.\/)+/, '');
  if (plain === '' || plain === '.') return '';
  const parts = plain.split('/');
  const isSafe =
    plain.length <= MAX_LENGTH &&
    parts.every(isPlain) &&
    !/[\0\\]/.test(plain) &&
    (names === 'plain' || isPortable(parts));
  if (!isSafe) throw refusal('ARCHIVE_UNSAFE', `the archive contains the unsupported name ${shownName(path)}`);
  return plain;
}

function isPlain(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && part.length <= MAX_PART;
}

function isPortable(parts: readonly string[]): boolean {
  return (
    parts.length <= MAX_DEPTH &&
    parts.every((part) => {
      if (/[. ]$|[\p{Cc}\u2028\u2029]|^[a-z]:/iu.test(part)) return false;
      return !RESERVED.test(part) && !OBEYED.has(part.toLowerCase());
    })
  );
}
