import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { LogStore } from '@taskrunner/core/ports';
import { hasWanted, isUrgent, linesOf, type LineFilter, type LogLine } from './log-lines';
import type { ReadTurns } from './read-turns';

/** Limits of the work of one request. */
export interface ScanLimits {
  readonly lines: number;
  /** Bytes of stored lines. One chunk may exceed it, of a backward scan one window. */
  readonly bytes: number;
}

/** Which log to scan, and how. */
export interface Scanning {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly filter: LineFilter;
  readonly limits: ScanLimits;
  /** False as soon as nobody waits for the result. */
  readonly isAwaited: () => boolean;
}

/** The last wanted lines before a line. */
interface LastLines<T> {
  readonly found: readonly T[];
  /** All lines from this one on were looked at. Those before it were not, or are not part of the result. */
  readonly from: number;
}

/** Chunks per read: 2 MiB at most. */
const CHUNKS = 32;
/** Lines of a window of a backward scan: 16 MiB at most. */
const LEAST_WINDOW = 256;
const WINDOW = 1_024;

/**
 * Looks at the lines of a log in order, within limits. It reads from the store instead of the cache of readers, because a search would
 * displace what they share. It holds one read at a time.
 */
export class LogScan {
  /** Number of the last line that was looked at. */
  at = 0;
  /** Ranges of lines that have numbers but are not stored. */
  private readonly gaps: { readonly first: number; readonly last: number }[] = [];
  private bytes = 0;

  constructor(
    private readonly store: Pick<LogStore, 'read'>,
    private readonly turns: ReadTurns,
    private readonly scanning: Scanning,
  ) {}

  /** Wanted lines after a line up to another one, chunk by chunk. Ends early at a limit; `at` says where. */
  forward(after: number, last: number): AsyncGenerator<readonly LogLine[]> {
    const { lines, bytes } = this.scanning.limits;
    return this.between(after, Math.min(last, after + lines), bytes);
  }

  /** The last `count` wanted lines before a line, in order, each as `pick` makes it. */
  async lastBefore<T>(before: number, count: number, pick: (line: LogLine) => T): Promise<LastLines<T>> {
    const { limits, isAwaited } = this.scanning;
    let found: T[] = [];
    let from = before;
    let left = limits.lines;
    let first = before;
    while (from > 1 && found.length < count && left > 0 && this.bytes < limits.bytes && isAwaited()) {
      const size = Math.min(left, from - 1, Math.max(LEAST_WINDOW, Math.min(count, WINDOW)));
      const room = count - found.length;
      let window: { readonly number: number; readonly made: T }[] = [];
      for await (const lines of this.between(from - 1 - size, from - 1, Infinity))
        window = [...window, ...lines.map((line) => ({ number: line.number, made: pick(line) }))].slice(-room);
      left -= size;
      from -= size;
      first = window[0]?.number ?? first;
      found = [...window.map(({ made }) => made), ...found];
    }
    return { found, from: found.length < count ? from : first };
  }

  /** Number of lines from one to another, among those that were looked at, that have numbers but are not stored. */
  missing(from: number, to: number): number {
    return this.gaps.reduce(
      (sum, { first, last }) => sum + Math.max(0, Math.min(last, to) - Math.max(first, from) + 1),
      0,
    );
  }

  private async *between(after: number, last: number, maxBytes: number): AsyncGenerator<readonly LogLine[]> {
    const { tenant, runId, filter, isAwaited } = this.scanning;
    this.at = after;
    while (this.at < last && this.bytes < maxBytes && isAwaited()) {
      const chunks = await this.turns.take(() => this.store.read(tenant, runId, this.at, CHUNKS));
      if (chunks.length === 0) this.skipTo(last);
      for (const chunk of chunks) {
        this.skipTo(Math.min(last, chunk.firstLine - 1));
        if (this.at >= last || this.bytes >= maxBytes) return;
        const lines = hasWanted(filter, chunk) ? linesOf(chunk, this.at) : [];
        this.at = Math.min(last, chunk.firstLine + chunk.lines - 1);
        this.bytes += chunk.data.length;
        yield lines.filter(({ number, level }) => number <= last && isUrgent(level, filter.level));
      }
    }
  }

  private skipTo(line: number): void {
    if (line <= this.at) return;
    this.gaps.push({ first: this.at + 1, last: line });
    this.at = line;
  }
}
