import { createHash } from 'node:crypto';

/** Maximum lines of one value before a decision. The person can print the rest. */
const MOST_LINES = 40;
/** Maximum characters of one value, in bytes of UTF-8 for texts of ASCII. */
const MOST_CHARACTERS = 4_096;

/** The part of a value that is printed. */
interface Shortened {
  readonly text: string;
  /** Says that the value is cut, how large it is and how to print it; null: the text is whole. */
  readonly cut: string | null;
}

/**
 * The beginning of a long value, so that one value does not hide what is to be decided. `command` prints all of it; null: nothing is cut. The
 * digest is that of the whole text in UTF-8, so that a file can be compared with it.
 */
export function shortened(text: string, command: string | null): Shortened {
  if (command === null) return { text, cut: null };
  const lines = text.split('\n');
  const first = lines.slice(0, MOST_LINES).join('\n');
  const shown = wholeCharacters(first.slice(0, MOST_CHARACTERS));
  if (shown.length === text.length) return { text, cut: null };
  const more = lines.length - shown.split('\n').length;
  const rest = more === 0 ? 'the line goes on' : `${spaced(more)} more ${more === 1 ? 'line' : 'lines'}`;
  const size = sizeText(Buffer.byteLength(text));
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  return { text: `${shown}…`, cut: `cut here: ${rest}; whole value: ${size}, ${digest}; read it with: ${command}` };
}

/** Does not end within a surrogate pair. */
function wholeCharacters(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

function spaced(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}

/** In kilobytes of 1000 bytes. */
function sizeText(bytes: number): string {
  return bytes < 10_000 ? `${spaced(bytes)} bytes` : `${spaced(Math.round(bytes / 1_000))} KB`;
}
