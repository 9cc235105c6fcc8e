import { safeLine, columnsOfText } from '../terminal/safe-text';

/** A column of a list. */
export interface Column<Row> {
  /** In capitals, as printed above the column. */
  readonly title: string;
  readonly text: (row: Row) => string;
}

/**
 * A list as lines: a header, and a line for each row with aligned columns. No line ends with spaces. Columns that are empty in every row
 * are omitted. An empty list has no lines.
 */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  const cells = columns
    .map(({ title, text }) => [title, ...rows.map((row) => safeLine(text(row)))])
    .filter(([, ...texts]) => texts.some((text) => text !== ''));
  const widths = cells.map((texts) => texts.reduce((most, text) => Math.max(most, columnsOfText(text)), 0));
  return [null, ...rows].map((_, line) =>
    cells
      .map((texts, column) => padded(texts[line] ?? '', widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOfText(text)));
}
