/** What an array of the database may hold here. */
export type Cell = string | number | boolean | Buffer | null;

// Within quotes the database takes a backslash as "the next character stands for itself". So does JSON for the two characters that matter,
// and its printer is many times faster than replacing them; what it would write otherwise is control characters and lone surrogates.
const OTHERWISE = /[\u0000-\u001f]/;

/** An array as the database reads it (PostgreSQL manual, §8.15.2): quoted element by element, so that nothing in a text has a meaning. */
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
