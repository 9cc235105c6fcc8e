const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) VALUES[STANDARD.charCodeAt(i)] = i;
VALUES['-'.charCodeAt(0)] = 62;
VALUES['_'.charCodeAt(0)] = 63;

/** RFC 4648 §4, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i] as number, bytes[i + 1], bytes[i + 2]];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += STANDARD.charAt(bits >> 18) + STANDARD.charAt((bits >> 12) & 63);
    text += b === undefined ? '=' : STANDARD.charAt((bits >> 6) & 63);
    text += c === undefined ? '=' : STANDARD.charAt(bits & 63);
  }
  return text;
}

/** Bytes of standard or URL-safe base64 (not of a mixture), padded or not; null for anything else. Spare bits must be zero. */
export function fromBase64(text: string): Uint8Array | null {
  if (/[+/]/.test(text) && /[-_]/.test(text)) return null;
  const end = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  if (end !== text.length && text.length % 4 !== 0) return null;
  if (end % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((end * 3) / 4));
  let [bits, held, place] = [0, 0, 0];
  for (let i = 0; i < end; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? -1;
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[place++] = (bits >> held) & 0xff;
    }
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : null;
}
