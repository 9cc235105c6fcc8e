import { refusal } from './archive-error';

/** Size of a header, and the block size of a tar (POSIX.1-2017, pax, "ustar Interchange Format"). */
export const BLOCK = 512;
/** Largest size that fits into the octal digits of the field. */
export const MAX_OCTAL_SIZE = 0o77777777777;

/** The fields of a header that the reader uses. */
export interface TarHeader {
  readonly path: string;
  /** Type flag: `0` a file, `5` a folder, `x` and `g` pax records, `L` a GNU long name … */
  readonly type: string;
  readonly size: number;
  readonly executable: boolean;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Common fields of our headers: mode 0644, owner and time zero, spaces in place of the checksum. */
const COMMON = new Uint8Array(BLOCK);
for (const [offset, text] of [
  [100, '0000644'],
  [108, '0000000'],
  [116, '0000000'],
  [136, '00000000000'],
  [148, '        '],
  [257, 'ustar\x0000'],
  [329, '0000000'],
  [337, '0000000'],
] as const)
  write(COMMON, text, offset);

/** Writes ASCII into a header. */
function write(header: Uint8Array, text: string, offset: number): void {
  for (let at = 0; at < text.length; at++) header[offset + at] = text.charCodeAt(at);
}

/** A ustar header of mode 0644, with owner and time zero. `prefix` and `name` must fit (155 and 100 bytes) and be ASCII. */
export function encodeHeader(
  name: string,
  prefix: string,
  type: '0' | 'x',
  size: number,
  executable = false,
): Uint8Array {
  const header = COMMON.slice();
  write(header, name, 0);
  if (executable) write(header, '755', 104);
  write(header, Math.min(size, MAX_OCTAL_SIZE).toString(8).padStart(11, '0'), 124);
  write(header, type, 156);
  write(header, prefix, 345);
  write(header, `${sumOf(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Reads a header; null for a block of zeros. Throws `ARCHIVE_INVALID`. */
export function decodeHeader(block: Uint8Array): TarHeader | null {
  if (block.every((byte) => byte === 0)) return null;
  // The checksum decides whether this is a header. No other number is read before.
  const sum = isLarge(block, 148) ? null : octal(block, 148, 8);
  // The checksum is computed with spaces in its own field.
  if (sumOf(block) - sumOf(block.subarray(148, 156)) + 8 * 0x20 !== sum)
    throw refusal(
      'ARCHIVE_INVALID',
      'the archive is not a tar, or it is damaged: the checksum of a header does not match',
    );
  const isPosix = fieldBytes(block, 257, 6).length === 5 && text(block, 257, 5) === 'ustar';
  const prefix = isPosix ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    type: String.fromCharCode(block[156] || 0x30),
    size: octal(block, 124, 12),
    executable: (octal(block, 100, 8) & 0o111) !== 0,
  };
}

function sumOf(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < header.length; i++) sum += header[i] as number;
  return sum;
}

function fieldBytes(block: Uint8Array, offset: number, length: number): Uint8Array {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

function text(block: Uint8Array, offset: number, length: number): string {
  return decodeText(fieldBytes(block, offset, length));
}

/** Decodes UTF-8. Throws `ARCHIVE_INVALID` for other bytes, because two readers could decode an invalid name differently. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw refusal('ARCHIVE_INVALID', 'a name is not UTF-8', error);
  }
}

/** True for a base-256 number. */
function isLarge(block: Uint8Array, offset: number): boolean {
  return ((block[offset] ?? 0) & 0x80) !== 0;
}

/** Parses octal digits among spaces and NULs. Base 256 (GNU) is needed only for sizes that our archives never have. */
function octal(block: Uint8Array, offset: number, length: number): number {
  const field = block.subarray(offset, offset + length);
  if (isLarge(block, offset)) throw refusal('ARCHIVE_TOO_LARGE', 'a number in a header is too large');
  const digits = /^\s*([0-7]*)[\0 ]*$/.exec(String.fromCharCode(...field))?.[1];
  if (digits === undefined)
    throw refusal('ARCHIVE_INVALID', 'the archive is not a tar, or it is damaged: a header contains an invalid number');
  return digits === '' ? 0 : parseInt(digits, 8);
}
