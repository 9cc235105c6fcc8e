/**
 * True for texts that contain `wanted`, compared by the simple case folding of Unicode. Each character of `wanted` is literal. Linear in the
 * length of the text.
 */
export function containing(wanted: string): (text: string) => boolean {
  // As code points, so that no character has a meaning of its own in the pattern.
  const points = Array.from(wanted, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  const pattern = new RegExp(points.join(''), 'iu');
  return (text) => pattern.test(text);
}
