import type { Json } from '@taskrunner/core/foundation';
import type { LogStore } from '@taskrunner/core/ports';
import { requestInvalid } from '../requests/validated';
import { fromCursor, toCursor } from '../requests/paging/cursor';
import { lineEvent, type LineEvent, type TailStart } from './log-format';
import type { LogLine } from './log-lines';
import type { LogQuery } from './log-query';
import { LogScan, type ScanLimits, type Scanning } from './log-scan';
import { ReadTurns } from './read-turns';
import { containing } from './text-match';

/** Whose log is read, and for whom. */
export interface LogReader extends Pick<Scanning, 'tenant' | 'runId' | 'isAwaited'> {
  /** Number of the last line of the log. */
  readonly head: number;
}

/** Lines of a log, and which lines were looked at for them. */
export interface LogPage {
  readonly items: readonly LineEvent[];
  /** Of a search: the number of hits in the lines `searchedFrom` to `searchedTo`. Otherwise null. */
  readonly total: number | null;
  readonly searchedFrom: number;
  /** Less than `searchedFrom`: there are no lines. */
  readonly searchedTo: number;
  /** Number of the last line of the log. */
  readonly lastLine: number;
  /** Lines of the range that have numbers but are not stored. */
  readonly missingLines: number;
  /** Continues the page or the search. Null: there are no more lines in the log as it is. */
  readonly nextCursor: string | null;
}

type PageQuery = Extract<LogQuery, { kind: 'page' }>;
type SearchQuery = Extract<LogQuery, { kind: 'search' }>;

/** Progress of a search over several requests. All are numbers of lines or counts. */
interface Progress {
  /** Hits up to this line have been returned. */
  readonly at: number;
  readonly total: number;
  /** Hits up to this line are part of `total`. */
  readonly countedTo: number;
  readonly missing: number;
}

/** Pages of logs, searches, and beginnings of tails, each within the limits of one request. */
export class LogPages {
  private readonly turns: ReadTurns;

  constructor(
    private readonly store: Pick<LogStore, 'read'>,
    private readonly limits: ScanLimits & { readonly reads: number },
  ) {
    this.turns = new ReadTurns(limits.reads);
  }

  /** Throws `REQUEST_INVALID` for a cursor of another list. */
  async page(reader: LogReader, { from, cursor, limit, filter }: PageQuery): Promise<LogPage> {
    const scan = this.scan(reader, filter);
    const { tenant, runId, head: lastLine } = reader;
    const list: Json = ['log page', tenant, runId, { ...from }, { ...filter }];
    const at = cursor === null ? null : toLine(fromCursor(cursor, list));
    const toPage = (
      lines: readonly LogLine[],
      searchedFrom: number,
      searchedTo: number,
      next: number | null,
    ): LogPage => ({
      items: lines.map((line) => lineEvent(runId, line)),
      total: null,
      ...{ searchedFrom, searchedTo, lastLine },
      missingLines: scan.missing(searchedFrom, searchedTo),
      nextCursor: next === null ? null : toCursor(String(next), list),
    });
    if ('before' in from) {
      const before = Math.min(at ?? from.before, lastLine + 1);
      const last = await scan.lastBefore(before, limit, (line) => line);
      return toPage(last.found, last.from, before - 1, last.from > 1 ? last.from : null);
    }
    const after = at ?? from.after;
    const found: LogLine[] = [];
    for await (const lines of scan.forward(after, lastLine)) {
      found.push(...lines.slice(0, limit - found.length));
      if (found.length === limit) break;
    }
    const end = found.length === limit ? (found.at(-1)?.number ?? scan.at) : scan.at;
    return toPage(found, after + 1, end, end < lastLine ? end : null);
  }

  /** Throws `REQUEST_INVALID` for a cursor of another search. */
  async search(reader: LogReader, query: SearchQuery): Promise<LogPage> {
    const { tenant, runId, head } = reader;
    const { text, after, limit, filter } = query;
    const list: Json = ['log', tenant, runId, text, after, { ...filter }];
    const before = query.cursor === null ? beginningAt(after) : toProgress(fromCursor(query.cursor, list));
    const scan = this.scan(reader, filter);
    const isHit = containing(text);
    const items: LineEvent[] = [];
    let [{ total }, at, hasMore] = [before, before.at, false];
    for await (const lines of scan.forward(before.at, head)) {
      for (const line of lines) {
        if (!isHit(line.text)) continue;
        if (line.number > before.countedTo) total++;
        if (items.length === limit) hasMore = true;
        else {
          items.push(lineEvent(runId, line));
          at = line.number;
        }
      }
      // All lines have been counted by an earlier request.
      if (hasMore && before.countedTo >= head) break;
    }
    const countedTo = Math.max(before.countedTo, scan.at);
    const missing = before.missing + scan.missing(before.countedTo + 1, scan.at);
    const progress = { at: hasMore ? at : scan.at, total, countedTo, missing };
    return {
      ...{ items, total },
      ...{ searchedFrom: after + 1, searchedTo: countedTo, lastLine: head, missingLines: missing },
      nextCursor: progress.at >= head ? null : toCursor(toPosition(progress), list),
    };
  }

  /** Where the last `count` wanted lines of a log begin. */
  async tailStart(reader: LogReader, count: number, filter: Scanning['filter']): Promise<TailStart> {
    const { head } = reader;
    if (Object.values(filter).every((one) => one === null))
      return { after: Math.max(0, head - count), isComplete: true };
    const { found, from } = await this.scan(reader, filter).lastBefore(head + 1, count, ({ number }) => number);
    return { after: from - 1, isComplete: found.length === count || from === 1 };
  }

  private scan({ tenant, runId, isAwaited }: LogReader, filter: Scanning['filter']): LogScan {
    return new LogScan(this.store, this.turns, { tenant, runId, isAwaited, filter, limits: this.limits });
  }
}

function beginningAt(after: number): Progress {
  return { at: after, total: 0, countedTo: after, missing: 0 };
}

function toPosition({ at, total, countedTo, missing }: Progress): string {
  return [at, total, countedTo, missing].join(' ');
}

/** The line after or before which a page continues. */
function toLine(position: string): number {
  if (!/^\d{1,15}$/.test(position)) throw requestInvalid('/cursor', 'cursor must be the nextCursor of this list.');
  return Number(position);
}

function toProgress(position: string): Progress {
  if (!/^\d{1,15}( \d{1,15}){3}$/.test(position))
    throw requestInvalid('/cursor', 'cursor must be the nextCursor of this search.');
  const [at = 0, total = 0, countedTo = 0, missing = 0] = position.split(' ').map(Number);
  return { at, total, countedTo, missing };
}
