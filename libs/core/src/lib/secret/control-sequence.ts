const ESC = 0x1b;
const BEL = 0x07;
/** Maximum length of a control sequence. Longer sequences are not taken for one. */
const LONGEST_CSI = 64;
const LONGEST_OSC = 512;

/**
 * Classifies bytes: control sequences (ECMA-48: CSI, OSC, two-byte escapes) and zero-width characters in UTF-8 are invisible on a terminal.
 * `perhaps`: more bytes are needed.
 */
export function classifyControlSequence(bytes: readonly number[]): 'noise' | 'text' | 'perhaps' {
  const [first = 0, second, third] = bytes;
  const last = bytes.at(-1) ?? 0;
  if (first !== ESC) {
    if (second === undefined) return 'perhaps';
    if (first === 0xe2 && second !== 0x80 && second !== 0x81) return 'text';
    if (first === 0xef && second !== 0xbb) return 'text';
    if (third === undefined) return 'perhaps';
    if (first === 0xef) return third === 0xbf ? 'noise' : 'text';
    return second === 0x80 ? isBetween(third, 0x8b, 0x8f) : isBetween(third, 0xa0, 0xa4);
  }
  if (second === undefined) return 'perhaps';
  if (second === 0x5b) {
    if (bytes.length === 2) return 'perhaps';
    if (last >= 0x40 && last <= 0x7e) return 'noise';
    return last >= 0x20 && last <= 0x3f && bytes.length < LONGEST_CSI ? 'perhaps' : 'text';
  }
  if (second === 0x5d) {
    if (last === BEL || (last === 0x5c && bytes.at(-2) === ESC && bytes.length > 3)) return 'noise';
    return bytes.length < LONGEST_OSC ? 'perhaps' : 'text';
  }
  if (last >= 0x20 && last <= 0x2f && bytes.length < 4) return 'perhaps';
  return last >= 0x30 && last <= 0x7e ? 'noise' : 'text';
}

function isBetween(byte: number, first: number, last: number): 'noise' | 'text' {
  return byte >= first && byte <= last ? 'noise' : 'text';
}
