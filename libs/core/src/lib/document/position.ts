/** A position in a text. Line and column begin at 1. Columns count UTF-16 code units, without a leading byte order mark. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
