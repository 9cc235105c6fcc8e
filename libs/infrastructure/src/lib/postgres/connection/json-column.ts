/** Maximum nesting of lists and objects in a column. The product writes documents of up to 100 levels, some within a few others. */
const LEVELS = 1_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * What a column of the type json is read as if its document is nested deeper than the product writes. Only somebody else stores one, and
 * whoever walks through it runs out of stack. No column of the product has this value, so every comparison of a column refuses it.
 */
export const UNREADABLE_DOCUMENT = 'a document that nobody can read';

/** The value of a column of the type json. */
export function readJsonColumn(text: string): unknown {
  return isDeep(text) ? UNREADABLE_DOCUMENT : JSON.parse(text);
}

/** True if lists and objects are nested deeper than `LEVELS`. Does not recurse. */
function isDeep(text: string): boolean {
  // Each level has two brackets.
  if (text.length <= 2 * LEVELS) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = endOfText(text, at);
    // Brackets of both kinds differ from others in these bits only: [ { are 0x5b 0x7b, ] } are 0x5d 0x7d.
    else if ((character | 0x20) === 0x7b) {
      if (++depth > LEVELS) return true;
    } else if ((character | 0x20) === 0x7d) depth--;
  }
  return false;
}

/** The place of the quote that ends the text which begins at `at`. */
function endOfText(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

/** True if an odd number of backslashes precedes the place. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}
