/**
 * Characters that change how other text is shown: C0 and C1 controls and DEL, bidirectional controls (UAX #9), zero-width and
 * invisible ones, line and paragraph separators, interlinear annotation, tags.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e0fff}\p{Cs}]/gu;

/** Text from packs, steps and people for one line of a terminal: what could disguise it is escaped as `\u{…}`. */
export function safeLine(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same for text of several lines: line feeds and tabs stay, and every line is indented so that none can pose as ours. */
export function safeBlock(text: string, indent = '  '): string {
  return text
    .split('\n')
    .map((line) => indent + line.split('\t').map(safeLine).join('\t'))
    .join('\n');
}

/**
 * Breaks a line that is safe already before the terminal does, and indents what goes on: the terminal would begin it at the margin, where it
 * could pose as a line of ours. `columns`: Infinity where there is no terminal.
 */
export function wrapped(line: string, columns: number, indent: string): readonly string[] {
  const width = Math.max(columns - 1, indent.length + 2);
  const lines: string[] = [];
  let [text, used] = ['', 0];
  for (const character of line.replaceAll('\t', '    ')) {
    const wide = columnsOf(character);
    if (used + wide > width) {
      lines.push(text);
      [text, used] = [indent, indent.length];
    }
    text += character;
    used += wide;
  }
  return [...lines, text];
}

/** At most so many columns does a character take: wide ones stand above the Hangul Jamo (Unicode Standard Annex #11). */
function columnsOf(character: string): number {
  return (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
}
