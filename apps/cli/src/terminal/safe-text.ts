import { visibleLine } from '@taskrunner/core/evidence';

/** Text from packs, steps and people for one line of a terminal: what could disguise it is escaped as `\u{…}`. */
export function safeLine(text: string): string {
  return visibleLine(text);
}

/** The same for text of several lines: line feeds and tabs stay, and every line is indented so that none can pose as ours. */
export function safeBlock(text: string, indent = '  '): string {
  return text
    .split('\n')
    .map((line) => indent + line.split('\t').map(safeLine).join('\t'))
    .join('\n');
}

/** Nothing but a name of ours, at the margin, and a digest: left whole, so that it can be copied. */
const DIGEST_LINE = /^[a-z][a-z ]{12}sha256:[0-9a-f]{64}$/;

/**
 * Breaks a line that is safe already before the terminal does, between words where it can, and indents what goes on: the terminal would begin
 * it at the margin, where it could pose as a line of ours. `columns`: Infinity where there is no terminal.
 */
export function wrapped(line: string, columns: number): readonly string[] {
  if (DIGEST_LINE.test(line)) return [line];
  const indent = `${/^ */.exec(line)?.[0].slice(0, MOST_INDENT) ?? ''}    `;
  const width = Math.max(columns - 1, indent.length + 2);
  const lines: string[] = [];
  let text = '';
  let used = 0;
  for (const character of line.replaceAll('\t', '    ')) {
    const wide = columnsOf(character);
    if (used + wide > width) {
      const space = text.lastIndexOf(' ');
      const at = space > Math.max(indent.length, text.length / 2) ? space + 1 : text.length;
      lines.push(text.slice(0, at));
      text = indent + text.slice(at);
      used = [...text].reduce((sum, one) => sum + columnsOf(one), 0);
    }
    text += character;
    used += wide;
  }
  return [...lines, text];
}

/** Indentation that is repeated, at most: that of findings is chosen by steps. */
const MOST_INDENT = 8;

/** At most so many columns does a character take: wide ones stand above the Hangul Jamo (Unicode Standard Annex #11). */
function columnsOf(character: string): number {
  return (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
}
