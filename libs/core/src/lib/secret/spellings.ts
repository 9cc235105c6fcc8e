import { isJsonArray, isJsonObject, type Json } from '../foundation/json';
import { trimmed, weaknessOf } from './secret-value';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Every spelling in which a secret is searched for: unchanged, and encoded for JSON (also with each character escaped), URL (also twice),
 * HTML, shell, base64 (at the three alignments) and hexadecimal; the same for each leaf of a JSON secret and for each line of one with
 * several (PEM). The matcher handles upper case and line ends. Parts that are too short or too common to be secrets are left out.
 */
export function spellingsOf(value: Uint8Array): readonly Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  const bytewise = new TextDecoder('latin1');
  for (const part of partsOf(value))
    for (const spelling of spelled(part)) found.set(bytewise.decode(spelling), spelling);
  return [...found.values()];
}

/** The value, and those of its parts that are secrets too. */
function partsOf(value: Uint8Array): readonly Uint8Array[] {
  const whole = trimmed(value);
  const text = textOf(whole);
  if (text === null) return [whole];
  const leaves = leavesOf(text);
  const lines = leaves === null ? text.split(/[\r\n]+/) : leaves.flatMap((leaf) => [leaf, ...leaf.split(/[\r\n]+/)]);
  const parts = [...new Set(lines.map((line) => line.trim()))].map((line) => new TextEncoder().encode(line));
  return [whole, ...parts.filter((part) => part.length < whole.length && weaknessOf(part) === null)];
}

/** Texts and numbers in a JSON object or list; null for anything else. */
function leavesOf(text: string): readonly string[] | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    const leaves: string[] = [];
    const pending: Json[] = [JSON.parse(text) as Json];
    for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
      if (typeof one === 'string' || typeof one === 'number') leaves.push(String(one));
      else if (isJsonArray(one)) pending.push(...one);
      else if (isJsonObject(one)) pending.push(...Object.values(one));
    }
    return leaves;
  } catch {
    return null;
  }
}

function textOf(value: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    return null;
  }
}

function* spelled(value: Uint8Array): Iterable<Uint8Array> {
  yield value;
  const hex = [...value].map((byte) => byte.toString(16).padStart(2, '0'));
  const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
  for (const [before, between] of [
    ['', ''],
    ['', ' '],
    ['', ':'],
    ['\\x', ''],
    ['%', ''],
  ] as const)
    // prettier-ignore
    yield ascii(hex.map((one) => before + one).join(between));
  for (const alignment of [0, 1, 2] as const) {
    const text = base64Middle(value, alignment);
    yield ascii(text);
    yield ascii(text.replaceAll('+', '-').replaceAll('/', '_'));
  }
  yield Uint8Array.from(value).reverse();
  const text = textOf(value);
  if (text !== null) for (const one of textSpellings(text)) yield ascii(one);
}

/** The encodings of a text in other languages. Encodings equal to the text itself cost nothing. */
function* textSpellings(text: string): Iterable<string> {
  const json = JSON.stringify(text).slice(1, -1);
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  yield json;
  yield json.replaceAll('/', '\\/');
  yield json.replace(/[^\x20-\x7e]/g, escaped);
  yield json.replace(/[<>&]/g, escaped);
  yield json.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  yield Array.from({ length: text.length }, (_, at) => escaped(text[at] ?? '')).join('');
  for (const url of urlSpellings(text)) {
    yield url;
    // A URL that is a parameter of another URL.
    yield* urlSpellings(url);
  }
  const html = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  yield html;
  for (const [quote, apostrophe] of [
    ['&quot;', '&#x27;'],
    ['&quot;', '&#39;'],
    ['&quot;', '&#039;'],
    ['&quot;', '&apos;'],
    ['&#34;', '&#39;'],
    ['&quot;', "'"],
  ] as const)
    // prettier-ignore
    yield html.replaceAll('"', quote).replaceAll("'", apostrophe);
  // Between `$'` and `'` (bash(1), QUOTING).
  yield text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  yield text.replaceAll("'", "'\\''");
  yield text.replaceAll("'", "'\"'\"'");
  yield text.replaceAll(/["$`\\]/g, '\\$&');
  yield text.replaceAll(/[^A-Za-z0-9_./:=@%+,-]/g, '\\$&');
}

/** In the encoding of URL parts and of forms. */
function* urlSpellings(text: string): Iterable<string> {
  const url = percentEncoded(text, '');
  yield url;
  yield url.replaceAll('%20', '+');
  yield percentEncoded(text, '*').replaceAll('%20', '+').replaceAll('~', '%7e');
  yield percentEncoded(text, "!'()*");
  yield percentEncoded(text, "!'()*/:;=?@,+$&#");
}

/** RFC 3986: every byte but unreserved ones, and those in `kept`, as `%XX`. */
function percentEncoded(text: string, kept: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => {
      const unit = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(unit) || kept.includes(unit) ? unit : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}

/** The characters of the base64 text that depend on the value alone, where `alignment` bytes (mod 3) come before it. */
function base64Middle(value: Uint8Array, alignment: 0 | 1 | 2): string {
  const first = [0, 2, 3][alignment] ?? 0;
  const last = Math.floor(((alignment + value.length) * 8) / 6);
  let text = '';
  for (let place = first; place < last; place++) {
    const bit = place * 6 - alignment * 8;
    const byte = bit >> 3;
    const pair = ((value[byte] ?? 0) << 8) | (value[byte + 1] ?? 0);
    text += BASE64[(pair >> (10 - (bit & 7))) & 63];
  }
  return text;
}
