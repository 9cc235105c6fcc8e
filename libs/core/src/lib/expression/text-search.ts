import type { Meter } from './meter';

/** Longest search text that is left to the JavaScript engine, which compares up to this many characters at each position. */
const SHORT = 32;

/**
 * The place of `sought` in `text` from `from` on, or -1, in a number of steps that grows with the sum of both lengths (Knuth-Morris-Pratt).
 * The engine's own search grows with their product. The steps are counted.
 */
export function placeOf(text: string, sought: string, meter: Meter, from = 0): number {
  if (sought.length <= SHORT) {
    const place = text.indexOf(sought, from);
    meter.spend(1 + ((place < 0 ? text.length : place + sought.length) - from) / 4);
    return place;
  }
  return [...places(text, sought, meter, from, 1)][0] ?? -1;
}

/** The last place of `sought` in `text`, or -1. */
export function lastPlaceOf(text: string, sought: string, meter: Meter): number {
  if (sought.length <= SHORT) {
    meter.spend(1 + text.length / 4);
    return text.lastIndexOf(sought);
  }
  const reversed = placeOf(backwards(text), backwards(sought), meter);
  return reversed < 0 ? -1 : text.length - reversed - sought.length;
}

/** The pieces of `text` between the occurrences of a non-empty `separator`: the result of `String.split`, with its steps counted. */
export function piecesOf(text: string, separator: string, meter: Meter): readonly string[] {
  if (separator.length <= SHORT) {
    meter.spend(1 + text.length / 4);
    return text.split(separator);
  }
  const pieces: string[] = [];
  let from = 0;
  for (const place of places(text, separator, meter, 0, Infinity)) {
    pieces.push(text.slice(from, place));
    from = place + separator.length;
  }
  return [...pieces, text.slice(from)];
}

/** At most `most` positions of occurrences that do not overlap, in order. */
function* places(text: string, sought: string, meter: Meter, from: number, most: number): Iterable<number> {
  meter.spend(sought.length + text.length - from);
  const borders = bordersOf(sought);
  let matched = 0;
  let found = 0;
  for (let at = from; at < text.length && found < most; at++) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && unit !== sought.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
    if (unit === sought.charCodeAt(matched)) matched++;
    if (matched < sought.length) continue;
    found++;
    yield at + 1 - matched;
    matched = 0;
  }
}

/** For each prefix the length of its longest proper border. */
function bordersOf(sought: string): Uint32Array {
  const borders = new Uint32Array(sought.length);
  let matched = 0;
  for (let at = 1; at < sought.length; at++) {
    const unit = sought.charCodeAt(at);
    while (matched > 0 && unit !== sought.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
    if (unit === sought.charCodeAt(matched)) matched++;
    borders[at] = matched;
  }
  return borders;
}

/** Works on UTF-16 units: lone surrogates are only compared. */
function backwards(text: string): string {
  return text.split('').reverse().join('');
}
