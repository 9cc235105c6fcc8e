import { SEGMENT_BYTES } from '../embedded-postgres';

/**
 * Why the replay of the write-ahead log ended, if bytes were written there that do not match. After a kill of every process the log ends with
 * zeros, or with pages of a segment that is used again. The words are those of releases 15 to 18.
 */
const DAMAGED = new RegExp(
  `(?:LOG: +|^)((?:${[
    'extending the write-ahead log',
    'incorrect resource manager data checksum',
    'record with incorrect prev-link',
    'invalid (?:resource manager ID|record offset|contrecord length|info bits)',
    'invalid record length (?!.*, got 0$)',
    'invalid magic number (?!0000 )',
    'contrecord is requested',
    'there is no contrecord flag',
    'out-of-sequence timeline ID',
    'WAL file is from different database system',
    'could not read from (?:WAL|log) segment',
  ].join('|')}).*)`,
);

/** The address in a page that is not that of its place. */
const OTHER_PAGE = /(?:LOG: +|^)(unexpected pageaddr [0-9A-F]+\/([0-9A-F]+) in .*, offset ([0-9]+))/;

/**
 * What a line of the server's log says about a damaged write-ahead log; null: nothing. The server takes the damage as the end of the log. That
 * is right after a loss of power, which leaves a torn write of a commit that nobody was told about. Otherwise the disk has altered bytes that
 * it had confirmed, and commits are lost.
 */
export function damageOfLog(line: string): string | null {
  const [, said, address = '', offset] = OTHER_PAGE.exec(line) ?? [];
  // A segment that is used again has the page of an earlier segment at the same place.
  if (said !== undefined) return Number.parseInt(address, 16) % SEGMENT_BYTES === Number(offset) ? null : said;
  return DAMAGED.exec(line)?.[1] ?? null;
}
