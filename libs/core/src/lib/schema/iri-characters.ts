/** What an IRI may have beyond a URI, as the inside of a class of a regular expression: `ucschar` of RFC 3987 §2.2. */
export const UCS_CHARACTERS =
  '\\u{a0}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{ffef}' +
  Array.from({ length: 14 }, (_, plane) => {
    const start = ((plane + 1) * 0x10000 + (plane === 13 ? 0x1000 : 0)).toString(16);
    return `\\u{${start}}-\\u{${((plane + 1) * 0x10000 + 0xfffd).toString(16)}}`;
  }).join('');
/** `iprivate` of RFC 3987 §2.2: in queries only. */
export const PRIVATE_CHARACTERS = '\\u{e000}-\\u{f8ff}\\u{f0000}-\\u{ffffd}\\u{100000}-\\u{10fffd}';
