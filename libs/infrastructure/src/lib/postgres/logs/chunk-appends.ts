import { runUuid } from '@taskrunner/core/foundation';
import type { LogChunk } from '@taskrunner/core/ports';
import { digestBytes } from '../encoding/digest-bytes';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { failureOf } from '../connection/sql-state';
import { statement, type Statement } from '../connection/statement';

/** Limits of one statement. */
interface ChunkAppendLimits {
  readonly bytes: number;
  readonly chunks: number;
}

export const CHUNK_APPEND_LIMITS: ChunkAppendLimits = { bytes: 4 * 1024 * 1024, chunks: 1_024 };

const NO_ROOM = Buffer.alloc(0);

interface Pending {
  readonly chunks: readonly LogChunk[];
  readonly bytes: number;
  readonly settle: (held: readonly boolean[]) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Group commit of log chunks: chunks of any runs that arrive while a statement is in progress go into the next one, so that a worker waits
 * for one disk flush for all of them. Data that the database refuses fails only the call that brought it.
 */
export class ChunkAppends {
  private readonly appendStatement: Statement;
  private waiting: Pending[] = [];
  private isUnderWay = false;
  /** Buffer for the bytes of a statement. It is reused, because only one statement is in progress. */
  private room = NO_ROOM;

  constructor(
    private readonly queries: Queries,
    private readonly limits: ChunkAppendLimits = CHUNK_APPEND_LIMITS,
    /** For assigned executions: written by the holder of their assignment. */
    private readonly assigned = false,
  ) {
    this.appendStatement = statement(assigned ? 'append-assigned-chunks' : 'append-chunks');
  }

  append(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    if (chunks.length === 0) return Promise.resolve([]);
    const bytes = chunks.reduce((sum, { data }) => sum + data.length, 0);
    return new Promise((settle, fail) => {
      this.waiting.push({ chunks, bytes, settle, fail });
      if (!this.isUnderWay) void this.pump();
    });
  }

  private async pump(): Promise<void> {
    this.isUnderWay = true;
    for (let group = this.take(); group.length > 0; group = this.take()) await this.send(group);
    this.isUnderWay = false;
  }

  /** The oldest ones that fit into one statement; at least one. */
  private take(): readonly Pending[] {
    let [count, bytes, chunks] = [0, 0, 0];
    for (const pending of this.waiting) {
      bytes += pending.bytes;
      chunks += pending.chunks.length;
      if (count > 0 && (bytes > this.limits.bytes || chunks > this.limits.chunks)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async send(group: readonly Pending[]): Promise<void> {
    try {
      const held = await this.store(group.flatMap(({ chunks }) => chunks));
      let from = 0;
      for (const { chunks, settle } of group) settle(held.slice(from, (from += chunks.length)));
    } catch (error) {
      if (group.length === 1 || failureOf(error) !== 'data') {
        for (const { fail } of group) fail(error);
        return;
      }
      const middle = group.length >> 1;
      await this.send(group.slice(0, middle));
      await this.send(group.slice(middle));
    }
  }

  /** Offset of each chunk in the concatenated bytes. */
  private together(chunks: readonly LogChunk[]): readonly [readonly number[], Buffer] {
    const size = chunks.reduce((sum, { data }) => sum + data.length, 0);
    if (this.room.length < size) this.room = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.room.length));
    let at = 0;
    const firsts = chunks.map(({ data }) => {
      this.room.set(data, at);
      return (at += data.length) - data.length;
    });
    return [firsts, this.room.subarray(0, size)];
  }

  private async store(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    const column = <Cell>(cell: (chunk: LogChunk) => Cell): Cell[] => chunks.map(cell);
    const [firsts, bytes] = this.together(chunks);
    // An unanswered statement may still use the previous buffer, which is therefore not reused.
    const { room } = this;
    this.room = NO_ROOM;
    let asked = 0;
    const rows = await withRetry(() => {
      asked++;
      return this.queries.across<{ i: number }>(this.appendStatement, [
        column(({ tenant }) => tenant),
        column(({ runId }) => runUuid(runId)),
        column(({ fence }) => fence),
        column(({ step }) => step),
        column(({ execution }) => execution),
        column(({ chunk }) => chunk),
        column(({ at }) => at),
        column(({ lines }) => lines),
        firsts,
        column(({ data }) => data.length),
        bytes,
        Buffer.concat(column(({ sha256 }) => digestBytes(sha256))),
        column(({ attempt }) => attempt),
        ...(this.assigned ? [column(({ assignment }) => assignment ?? '')] : []),
      ]);
    });
    if (asked === 1) this.room = room;
    const held = new Set(rows.map(({ i }) => i - 1));
    return chunks.map((_, index) => held.has(index));
  }
}
