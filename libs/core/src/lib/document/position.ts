/** A place in a text, both from 1; columns count UTF-16 code units, a leading byte order mark not among them. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
