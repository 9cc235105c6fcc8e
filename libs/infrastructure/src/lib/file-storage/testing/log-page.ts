import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SEGMENT_BYTES } from '../../embedded-postgres';

export const PAGE = 8_192;
/** Bytes at the beginning of a page, except of the first one of a segment: magic number, flags, timeline, address, rest of a record. */
export const PAGE_HEAD = 24;
/** Eight bytes of the head: the address of the page. */
export const ADDRESS_AT = 8;
const REST_AT = 16;
/** Bytes at the beginning of a record. */
const RECORD_HEAD = 24;
const KIND_AT = 17;
const FLAGS_AT = 16;
/** The kind of records about transactions; of their flags, these bits are 0 for a commit. */
const TRANSACTION = 1;
const OPERATION = 0x70;

/** A record of the write-ahead log. Positions count from the beginning of the segment. */
export interface LogRecord {
  readonly start: number;
  /** The position after its last byte. Zeros follow until the next multiple of eight. */
  readonly end: number;
  readonly isCommit: boolean;
}

/** The last page of a write-ahead log. */
export interface LastPage {
  /** The path of the segment. */
  readonly path: string;
  /** The position of the page in the segment. */
  readonly at: number;
  /** The records that begin or end in the page, in order. */
  readonly records: readonly LogRecord[];
}

/** Finds the last page of the log of a stopped server. Null: it is one of the first two of its segment. */
export function lastPage(pgdata: string): LastPage | null {
  const folder = join(pgdata, 'pg_wal');
  const written = readdirSync(folder)
    .filter((name) => /^[0-9A-F]{24}$/.test(name))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
    .map(({ name, bytes }) => ({ path: join(folder, name), bytes, pages: pagesOf(name, bytes) }))
    .filter(({ pages }) => pages.length > 0)
    .at(-1);
  const at = written?.pages.at(-1);
  if (written === undefined || at === undefined || at < 2 * PAGE) return null;
  const records = recordsFrom(written.bytes, at - PAGE).filter(({ end }) => end > at);
  return { path: written.path, at, records };
}

/** The positions of pages that have the address of their place: others are empty, or from the earlier use of a segment. */
function pagesOf(name: string, bytes: Buffer): number[] {
  const start = BigInt(Number.parseInt(name.slice(8, 16), 16)) * 2n ** 32n;
  const segment = start + BigInt(Number.parseInt(name.slice(16), 16) * SEGMENT_BYTES);
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += PAGE)
    if (bytes.readBigUInt64LE(at + ADDRESS_AT) === segment + BigInt(at)) found.push(at);
  return found;
}

/** The records that begin in this page or later. */
function recordsFrom(bytes: Buffer, page: number): LogRecord[] {
  const records: LogRecord[] = [];
  let start = page + PAGE_HEAD + aligned(bytes.readUInt32LE(page + REST_AT));
  for (;;) {
    const length = start + RECORD_HEAD <= bytes.length ? bytes.readUInt32LE(start) : 0;
    if (length < RECORD_HEAD) return records;
    const end = endOf(start, length);
    // The head of a record is in one page, unless only its first eight or sixteen bytes fit.
    const headAt = (offset: number): number => endOf(start, offset + 1) - 1;
    const isCommit = bytes[headAt(KIND_AT)] === TRANSACTION && ((bytes[headAt(FLAGS_AT)] ?? 0) & OPERATION) === 0;
    records.push({ start, end, isCommit });
    start = aligned(end);
    if (start % PAGE === 0) start += PAGE_HEAD;
  }
}

/** The position after `length` bytes from `start`, without the heads of pages between them. */
function endOf(start: number, length: number): number {
  let [at, left] = [start, length];
  for (;;) {
    const room = PAGE - (at % PAGE);
    if (left <= room) return at + left;
    left -= room;
    at += room + PAGE_HEAD;
  }
}

const aligned = (value: number): number => Math.ceil(value / 8) * 8;
