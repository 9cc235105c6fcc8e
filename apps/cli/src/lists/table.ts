import { safeLine, columnsOfText } from '../terminal/safe-text';

/** A column of a list. */
export interface Column<Row> {
  /** In capitals, as printed above the column. */
  readonly title: string;
  readonly text: (row: Row) => string;
}

/**
 * A list as lines: a header, and a line for each row with aligned columns. No line ends with spaces. Columns that are empty in every row
 * are omitted. An empty list has no lines. On a terminal of `width` columns that is too narrow for a line, each row is a record instead: a line
 * for each column.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = Infinity,
): readonly string[] {
  if (rows.length === 0) return [];
  const cells = columns
    .map(({ title, text }) => [title, ...rows.map((row) => safeLine(text(row)))])
    .filter(([, ...texts]) => texts.some((text) => text !== ''));
  const widths = cells.map((texts) => texts.reduce((most, text) => Math.max(most, columnsOfText(text)), 0));
  const all = widths.reduce((sum, one) => sum + one, 0) + 2 * (widths.length - 1);
  if (all >= width) return recordsOf(cells);
  return [null, ...rows].map((_, line) =>
    cells
      .map((texts, column) => padded(texts[line] ?? '', widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** `TITLE  value`, empty values omitted, with an empty line between two records. */
function recordsOf(cells: readonly (readonly string[])[]): readonly string[] {
  const widest = Math.max(...cells.map(([title = '']) => title.length));
  const count = (cells[0]?.length ?? 1) - 1;
  return Array.from({ length: count }, (_, row) => [
    ...(row === 0 ? [] : ['']),
    ...cells.flatMap(([title = '', ...texts]) => (texts[row] ? [`${padded(title, widest)}  ${texts[row]}`] : [])),
  ]).flat();
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOfText(text)));
}
