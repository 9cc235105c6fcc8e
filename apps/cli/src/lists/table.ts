import { safeLine, columnsOfText, wrapped } from '../terminal/safe-text';

/** A column of a list. */
export interface Column<Row> {
  /** In capitals, as printed above the column. */
  readonly title: string;
  readonly text: (row: Row) => string;
}

/**
 * A list as lines: a header, and a line for each row with aligned columns. No line ends with spaces. Columns that are empty in every row
 * are omitted. An empty list has no lines. On a terminal of `width` columns that is too narrow for a line, each row is a record instead: a line
 * for each column, which is folded between words.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = Infinity,
): readonly string[] {
  const { header, lines } = rowsOf(columns, rows, width);
  if (header !== null) return [header, ...lines.flat()];
  return lines.flatMap((record, i) => (i === 0 ? record : ['', ...record]));
}

/** The rows of a list. `header` is null if each row is a record, or if there are none. */
interface ListRows {
  readonly header: string | null;
  /** Lines of each row. */
  readonly lines: readonly (readonly string[])[];
}

/** The same by row, for lists in which other lines follow a row. */
export function rowsOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width = Infinity): ListRows {
  if (rows.length === 0) return { header: null, lines: [] };
  const cells = columns
    .map(({ title, text }) => [title, ...rows.map((row) => safeLine(text(row)))])
    .filter(([, ...texts]) => texts.some((text) => text !== ''));
  const widths = cells.map((texts) => texts.reduce((most, text) => Math.max(most, columnsOfText(text)), 0));
  const all = widths.reduce((sum, one) => sum + one, 0) + 2 * (widths.length - 1);
  if (all >= width) return { header: null, lines: recordsOf(cells, rows.length, width) };
  const [header = '', ...lines] = [null, ...rows].map((_, line) =>
    cells
      .map((texts, column) => padded(texts[line] ?? '', widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return { header, lines: lines.map((line) => [line]) };
}

/** A value of several words is folded. One of a single word, such as a digest or an id, is left whole, so that it can be copied. */
function foldedRecord(line: string, width: number): readonly string[] {
  const [, value = ''] = /^[A-Z]* *(.*)$/.exec(line) ?? [];
  return value.includes(' ') ? wrapped(line, width) : [line];
}

/** `TITLE  value` for each column, empty values omitted. */
function recordsOf(
  cells: readonly (readonly string[])[],
  count: number,
  width: number,
): readonly (readonly string[])[] {
  const widest = Math.max(...cells.map(([title = '']) => title.length));
  return Array.from({ length: count }, (_, row) =>
    cells.flatMap(([title = '', ...texts]) =>
      texts[row] ? foldedRecord(`${padded(title, widest)}  ${texts[row]}`, width) : [],
    ),
  );
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOfText(text)));
}
