/** Element types of arrays. */
export type Cell = string | number | boolean | Buffer | null;

// Within quotes, the array parser reads a backslash as an escape of the next character. JSON uses the same escapes for the two relevant
// characters, and its serialiser is many times faster than replacing them. JSON differs only for control characters and lone surrogates.
const OTHERWISE = /[\u0000-\u001f]/;

/** Formats an array literal (PostgreSQL manual, §8.15.2). Every text is quoted, so that no character of a text has a special meaning. */
export function arrayLiteral(cells: readonly Cell[]): string {
  let text = '{';
  for (let i = 0; i < cells.length; i++) {
    if (i > 0) text += ',';
    text += element(cells[i] ?? null);
  }
  return `${text}}`;
}

/** The array literal of one column of rows. */
export function columnLiteral(rows: readonly (readonly Cell[])[], column: number): string {
  let text = '{';
  for (let i = 0; i < rows.length; i++) {
    if (i > 0) text += ',';
    text += element(rows[i]?.[column] ?? null);
  }
  return `${text}}`;
}

function element(cell: Cell): string {
  if (cell === null) return 'NULL';
  if (typeof cell === 'string') return quoted(cell);
  if (typeof cell === 'object') return `"\\\\x${cell.toString('hex')}"`;
  return String(cell);
}

function quoted(text: string): string {
  if (!OTHERWISE.test(text) && text.isWellFormed()) return JSON.stringify(text);
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
