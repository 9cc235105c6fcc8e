/** Element types of arrays. */
export type Cell = string | number | boolean | Buffer | null;

// Within quotes the database reads a backslash as "the next character is literal". JSON does the same for the two relevant characters, and
// its printer is many times faster than replacing them. It differs only for control characters and lone surrogates.
const OTHERWISE = /[\u0000-\u001f]/;

/**
 * An array literal for the database (PostgreSQL manual, §8.15.2), with every element quoted, so that nothing in a text has a special
 * meaning.
 */
export function arrayLiteral(cells: readonly Cell[]): string {
  let text = '{';
  for (let i = 0; i < cells.length; i++) {
    if (i > 0) text += ',';
    text += element(cells[i] ?? null);
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
