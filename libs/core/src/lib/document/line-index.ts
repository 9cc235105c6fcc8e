import type { Position } from './position';

/** Offsets of the lines of a text. Only `\n` ends a line, so `\r\n` counts once. */
export class LineIndex {
  readonly #starts: number[] = [0];

  /** `firstLine`: number of the line on which the text begins. */
  constructor(
    text: string,
    private readonly firstLine = 1,
  ) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** The position of an offset, by binary search. */
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
