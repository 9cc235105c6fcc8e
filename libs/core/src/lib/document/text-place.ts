import type { Position } from './position';

/**
 * Where the character at `offset` of a YAML text stands in the manifest, whose `lines` are given without their ends; the scalar begins at
 * `start` (at its quote, `|` or `>`, if it has one). Folding and indentation change only white space, so the other characters are counted:
 * the n-th of the text is the n-th of the source in every style. Returns `start` if source and text do not match.
 */
export function placeInText(lines: readonly string[], start: Position, text: string, offset: number): Position {
  const sought = text.slice(0, offset).replace(WHITE, '').length;
  const source = new ScalarSource(lines, start);
  for (let index = 0; ; index++) {
    const wanted = text.slice(offset).trimStart() === '' ? index === sought - 1 : index === sought;
    const found = source.next();
    if (found === null) return start;
    if (wanted) return found;
  }
}

const WHITE = /\s+/g;
const BLOCK = /^[|>][-+0-9]*\s*(?:#.*)?$/;
const NUMBERED: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
/** Escapes of double quotes that stand for white space, or for nothing. */
const BLANK = new Set(['t', 'n', 'r', 'v', 'f', '_', 'L', 'P', '']);

/** Iterates over the characters of a scalar that are not white space, with their positions. */
class ScalarSource {
  private line: number;
  private column: number;
  private readonly quote: string;
  /** Units that the last escape still stands for. */
  private made = 0;
  private place: Position | null = null;

  constructor(
    private readonly lines: readonly string[],
    { line, column }: Position,
  ) {
    const first = lines[line - 1] ?? '';
    const rest = first.slice(column - 1).trimEnd();
    const opening = rest.charAt(0);
    this.quote = opening === '"' || opening === "'" ? opening : '';
    const block = BLOCK.test(rest);
    this.line = block ? line + 1 : line;
    this.column = block ? 1 : column + this.quote.length;
  }

  /** The position of the next character; null at the end of the source. */
  next(): Position | null {
    if (this.made-- > 0) return this.place;
    for (;;) {
      const text = this.lines[this.line - 1];
      if (text === undefined) return null;
      const character = text.charAt(this.column - 1);
      const place = { line: this.line, column: this.column };
      if (character === '') {
        this.line++;
        this.column = 1;
      } else if (this.quote === '"' && character === '\\') {
        this.made = this.escape(text);
        if (this.made-- > 0) return (this.place = place);
      } else if (/\s/.test(character)) this.column++;
      else {
        this.column += this.quote === "'" && text.startsWith("''", this.column - 1) ? 2 : 1;
        return place;
      }
    }
  }

  /** Skips an escape. Returns the number of UTF-16 units that are not white space in its value. */
  private escape(text: string): number {
    const mark = text.charAt(this.column).trim();
    const digits = NUMBERED[mark] ?? 0;
    this.column += 2 + digits;
    if (digits === 0) return BLANK.has(mark) ? 0 : 1;
    const code = parseInt(text.slice(this.column - 1 - digits, this.column - 1), 16);
    return String.fromCodePoint(code <= 0x10ffff ? code : 0x20).replace(WHITE, '').length;
  }
}
