import type { Position } from './position';

/** Where the lines of a text begin; only `\n` ends a line, so `\r\n` counts once. */
export class LineIndex {
  readonly #starts: number[] = [0];

  /** `firstLine`: which line the text begins on. */
  constructor(
    text: string,
    private readonly firstLine = 1,
  ) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** The place of an offset, in the time of a binary search. */
  positionAt(offset: number): Position {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + this.firstLine, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}
