import { visibleLine } from '@taskrunner/core/evidence';

/** Text from packs, steps and people for one line of a terminal. Characters that could disguise it are escaped as `\u{…}`. */
export function safeLine(text: string): string {
  return visibleLine(text);
}

/** The same for text of several lines: line feeds and tabs stay, and every line is indented, so that none can pass for one of ours. */
export function safeBlock(text: string, indent = '  '): string {
  return text
    .split('\n')
    .map((line) => indent + line.split('\t').map(safeLine).join('\t'))
    .join('\n');
}

/** Only a name of ours at the margin and a digest: it is not wrapped, so that it can be copied. */
const DIGEST_LINE = /^[a-z][a-z ]{12}sha256:[0-9a-f]{64}$/;

const DIGEST = /^sha256:[0-9a-f]{64}(?![0-9a-z])/;
const ID = /^[a-z]{2,16}_[0-9a-hjkmnp-tv-z]{26}(?![0-9a-z])/;

/**
 * Wraps an already escaped line before the terminal does, between words if possible, and indents the continuation. The terminal would begin
 * it at the margin, where it could pass for a line of ours. Digests and ids are not broken, because people copy them: a digest that is wider
 * than the terminal gets a line of its own. `columns`: Infinity without a terminal.
 */
export function wrapped(line: string, columns: number): readonly string[] {
  if (DIGEST_LINE.test(line)) return [line];
  const indent = `${/^ */.exec(line)?.[0].slice(0, MOST_INDENT) ?? ''}    `;
  const width = Math.max(columns - 1, indent.length + 2);
  const characters = [...line.replaceAll('\t', '    ')];
  const lines: string[] = [];
  let text = '';
  let used = 0;
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    const wide = columnsOf(character);
    if (used + wide > width) {
      const space = text.lastIndexOf(' ');
      const word = text.slice(space + 1) + characters.slice(i, i + LONGEST_WORD).join('');
      const digest = DIGEST.exec(word)?.[0];
      if (digest !== undefined) {
        if (text.slice(0, space).trim() !== '') lines.push(text.slice(0, space + 1));
        lines.push((lines.length === 0 ? text.slice(0, space + 1) : indent) + digest);
        i += digest.length - (text.length - space - 1) - 1;
        if (characters[i + 1] === ' ') i++;
        text = indent;
        used = indent.length;
        continue;
      }
      const isId = space >= 0 && (ID.exec(word)?.[0].length ?? Infinity) <= width - indent.length;
      const at = space > Math.max(indent.length, isId ? 0 : text.length / 2) ? space + 1 : text.length;
      lines.push(text.slice(0, at));
      text = indent + text.slice(at);
      used = columnsOfText(text);
    }
    text += character;
    used += wide;
  }
  return text.trim() === '' && lines.length > 0 ? lines : [...lines, text];
}

/** Longer than a digest or an id. */
const LONGEST_WORD = 80;

/** Maximum repeated indentation, because steps choose the indentation of findings. */
const MOST_INDENT = 8;

/** Maximum columns of an escaped text on a terminal. */
export function columnsOfText(text: string): number {
  return [...text].reduce((sum, one) => sum + columnsOf(one), 0);
}

/** Maximum columns of a character: wide ones are above the Hangul Jamo (Unicode Standard Annex #11). */
function columnsOf(character: string): number {
  return (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
}
