/** A line of a text before (`-`), after (`+`), or of both (a space). */
export interface MarkedLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Above this product of lines, everything between the first and the last difference counts as replaced. */
const MOST_PAIRS = 1_000_000;

/** The lines of two texts, with what one has and the other has not. Pure. */
export function lineDifference(before: readonly string[], after: readonly string[]): readonly MarkedLine[] {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const [old, now] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const same = marked(' ');
  return [
    ...before.slice(0, start).map(same),
    ...(old.length * now.length > MOST_PAIRS ? [...old.map(marked('-')), ...now.map(marked('+'))] : between(old, now)),
    ...before.slice(before.length - end).map(same),
  ];
}

/** By the longest common subsequence of the lines. */
function between(old: readonly string[], now: readonly string[]): readonly MarkedLine[] {
  const width = now.length + 1;
  /** At `row * width + column`: how many lines the rests of both texts have in common. */
  const common = new Uint32Array((old.length + 1) * width);
  for (let row = old.length - 1; row >= 0; row -= 1)
    for (let column = now.length - 1; column >= 0; column -= 1)
      common[row * width + column] =
        old[row] === now[column]
          ? (common[(row + 1) * width + column + 1] ?? 0) + 1
          : Math.max(common[(row + 1) * width + column] ?? 0, common[row * width + column + 1] ?? 0);
  const found: MarkedLine[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < now.length) {
    const [from, to] = [old[row], now[column]];
    if (from !== undefined && from === to) {
      found.push({ mark: ' ', text: from });
      row += 1;
      column += 1;
    } else if (
      from !== undefined &&
      (to === undefined || (common[(row + 1) * width + column] ?? 0) >= (common[row * width + column + 1] ?? 0))
    ) {
      found.push({ mark: '-', text: from });
      row += 1;
    } else {
      found.push({ mark: '+', text: to ?? '' });
      column += 1;
    }
  }
  return found;
}

function marked(mark: MarkedLine['mark']): (text: string) => MarkedLine {
  return (text) => ({ mark, text });
}
