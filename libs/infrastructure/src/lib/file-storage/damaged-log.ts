/**
 * Why the replay of the write-ahead log ended, if bytes were written there that do not match. After a kill of every process the log ends with
 * zeros, or with pages of a segment that is used again.
 */
const DAMAGED =
  /(?:LOG: +|^)((?:extending the write-ahead log|incorrect (?:resource manager data checksum|prev-link)|invalid (?:resource manager ID|magic number (?!0000))|could not read from WAL segment).*)/;

/**
 * What a line of the server's log says about a damaged write-ahead log; null: nothing. The server takes the damage as the end of the log. That
 * is right after a loss of power, which leaves a torn write of a commit that nobody was told about. Otherwise the disk has altered bytes that
 * it had confirmed, and commits are lost.
 */
export function damageOfLog(line: string): string | null {
  return DAMAGED.exec(line)?.[1] ?? null;
}
