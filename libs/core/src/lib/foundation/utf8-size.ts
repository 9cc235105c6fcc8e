/** A longer text is encoded: the platform's encoder is then faster than a loop. */
const SHORT = 512;

/**
 * The number of bytes of a text in UTF-8. Half of a surrogate pair counts as the three bytes of U+FFFD, by which an encoder replaces it
 * (Encoding Standard, 4.4). Short texts are not encoded, because each encoding allocates memory outside of the heap.
 */
export function utf8Size(text: string): number {
  if (text.length > SHORT) return new TextEncoder().encode(text).length;
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) size += 1;
    else {
      size += 2;
      if (isHigh(unit) && isLow(text.charCodeAt(i + 1))) i++;
    }
  }
  return size;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
