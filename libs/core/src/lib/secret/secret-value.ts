/** Minimum length. Shorter values cannot be distinguished from ordinary text. */
const SECRET_MIN_BYTES = 8;
/** Minimum number of different bytes. */
const MIN_DIFFERENT_BYTES = 4;

/** Common values in logs and lists of bad passwords, in lower case, at least 8 bytes long. */
const COMMON = new Set(
  (
    'password passw0rd password1 password123 changeme changeit letmein1 iloveyou sunshine princess football baseball superman trustno1 welcome1 ' +
    'qwertyui qwerty123 1q2w3e4r 1qaz2wsx administrator postgres anonymous username localhost undefined redacted [redacted] ' +
    'production development staging internal default1 function exception timestamp application/json content-type authorization ' +
    'https:// http://localhost /usr/bin /bin/bash -----end -----begin notfound disabled enabled1 success1 complete warning1 critical'
  ).split(' '),
);

/** Why a value cannot be a secret: it could not be redacted reliably, or redacting it would remove ordinary text. */
type WeakSecret = 'SECRET_TOO_SHORT' | 'SECRET_TRIVIAL';

/** Why the value cannot be a secret; null if it can. Line ends at its end are ignored. */
export function weaknessOf(value: Uint8Array): WeakSecret | null {
  const core = trimmed(value);
  if (core.length < SECRET_MIN_BYTES) return 'SECRET_TOO_SHORT';
  if (new Set(core).size < MIN_DIFFERENT_BYTES || isRun(core)) return 'SECRET_TRIVIAL';
  return core.length <= 32 && COMMON.has(new TextDecoder().decode(core).trim().toLowerCase()) ? 'SECRET_TRIVIAL' : null;
}

/** Without the trailing line ends that files and `echo` have. */
export function trimmed(value: Uint8Array): Uint8Array {
  let end = value.length;
  while (end > 0 && (value[end - 1] === 0x0a || value[end - 1] === 0x0d)) end--;
  return value.subarray(0, end);
}

/** `12345678`, `abcdefgh`, `87654321`: each byte one more, or one less, than the one before. */
function isRun(value: Uint8Array): boolean {
  const step = (value[1] ?? 0) - (value[0] ?? 0);
  return Math.abs(step) === 1 && value.every((byte, i) => i === 0 || byte - (value[i - 1] ?? 0) === step);
}
