import { isOver, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { Response } from 'express';
import type { RunTails, Tail } from '../runs/run-tails';
import type { LogFormat, TailStart } from './log-format';
import { selected } from './log-frames';
import { hasWanted, type LineFilter } from './log-lines';
import { SERVICE_STOPS, TOKEN_EXPIRED } from './open-streams';
import type { SharedLogs } from './shared-logs';

/** Options of a reader. */
export interface LogReading {
  readonly tenant: TenantId;
  readonly runId: RunId;
  /** Number of the line after which to begin. */
  readonly after: number;
  /** Where the requested tail begins, which is reported first. Null: no tail was requested. */
  readonly tail: TailStart | null;
  readonly filter: LineFilter;
  readonly format: LogFormat;
  /** False: only the existing lines. */
  readonly follow: boolean;
  /** Ends the stream: the token expires, the service stops, or the reader disconnects. */
  readonly signal: AbortSignal;
  /** A reader that accepts nothing for this long is disconnected, milliseconds. */
  readonly stallMs: number;
  /** Time at which the run ended, milliseconds since the epoch. Called when it has ended. */
  readonly endedAt: () => Promise<number>;
}

const HEARTBEAT_MS = 10_000;
/** Delay of the first heartbeat after lines, milliseconds: it reports that the reader has all of them. */
const QUIET_MS = 250;
/** Bytes of one write, which a reader must accept within its time limit. */
const WRITE_BYTES = 64 * 1024;
const FIRST_RETRY_MS = 250;
const RETRY_SPREAD_MS = 1_000;

/**
 * Sends a run's log to one reader, chunk by chunk, at the reader's own speed. If the socket buffer is full, it waits for the drain and
 * meanwhile holds one chunk, which it shares with other readers. Ends with `run.finished` if the run has ended, and with `stream.resume` if
 * the run continues but the service stops or the token expires.
 */
export class LogStream {
  private at: number;
  private tail: Tail | null = null;
  private wake: (() => void) | null = null;
  /** Position of the reader at the last heartbeat. */
  private reported = -1;
  /** The reader has everything up to `at`, and more may follow. */
  private mayResume = true;

  constructor(
    private readonly logs: SharedLogs,
    private readonly tails: RunTails,
    private readonly response: Response,
    private readonly reading: LogReading,
  ) {
    this.at = reading.after;
  }

  async run(): Promise<void> {
    const { tenant, runId, format, follow, signal, endedAt, tail: start } = this.reading;
    const wake = (): void => this.wake?.();
    const watching = this.tails.watch(tenant, runId).subscribe((tail) => {
      this.tail = tail;
      wake();
    });
    signal.addEventListener('abort', wake);
    try {
      await this.write(Buffer.from(format.begin));
      if (start) await this.write(Buffer.from(format.tail(runId, start, Date.now())));
      await this.next(null);
      for (let isDue = true; !signal.aborted;) {
        const tail: Tail | null = this.tail;
        if (tail) {
          await this.catchUp(tail.lastLine);
          if (signal.aborted) return;
          if (isOver(tail.status)) {
            const last = Math.max(this.at, tail.lastLine);
            await this.write(Buffer.from(format.finished(runId, tail.status, last, await endedAt())));
            this.mayResume = false;
            return;
          }
          if (!follow) return;
        }
        if (isDue) await this.beat(tail);
        isDue = await this.next(tail);
      }
    } finally {
      this.sendResume();
      watching.unsubscribe();
      signal.removeEventListener('abort', wake);
    }
  }

  /** Spreads the delays, so that readers of a stopping service do not all reconnect at once. */
  private sendResume(): void {
    const { signal, format, runId } = this.reading;
    const isAnnounced = signal.reason === SERVICE_STOPS || signal.reason === TOKEN_EXPIRED;
    if (!signal.aborted || !isAnnounced || !this.mayResume || this.response.destroyed) return;
    const retryMs = FIRST_RETRY_MS + Math.floor(Math.random() * RETRY_SPREAD_MS);
    const resume = { reason: String(signal.reason), at: this.at, retryMs, toldAt: Date.now() };
    this.response.write(Buffer.from(format.resume(runId, resume)));
  }

  private async beat(tail: Tail | null): Promise<void> {
    this.reported = this.at;
    await this.write(Buffer.from(this.reading.format.heartbeat(this.at, tail?.lastLine ?? this.at)));
  }

  private async catchUp(head: number): Promise<void> {
    const { tenant, runId, filter, format, signal } = this.reading;
    while (this.at < head && !signal.aborted) {
      const chunk = await this.logs.chunkAfter(tenant, runId, this.at);
      if (!chunk) return;
      if (hasWanted(filter, chunk))
        await this.write(selected(chunk.frames(format), Math.max(0, this.at + 1 - chunk.firstLine), filter.level));
      if (!this.mayResume) return;
      this.at = chunk.lastLine;
    }
  }

  /** A started frame is completed even by a stopping service, at the minimum speed required of readers. */
  private async write(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length; from += WRITE_BYTES) {
      if (this.isCut()) {
        this.mayResume = false;
        return;
      }
      if (!this.response.write(bytes.subarray(from, from + WRITE_BYTES))) await this.drained();
    }
  }

  private isCut(): boolean {
    const { signal } = this.reading;
    return this.response.destroyed || (signal.aborted && signal.reason !== SERVICE_STOPS);
  }

  /** Waits until the reader has room or is disconnected. A reader that does not read blocks nobody. */
  private async drained(): Promise<void> {
    const { signal, stallMs } = this.reading;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.response.off('drain', settle).off('close', settle);
        signal.removeEventListener('abort', settleIfCut);
        resolve();
      };
      const settleIfCut = (): void => {
        if (this.isCut()) settle();
      };
      // A reset, because data that the reader has not accepted would otherwise stay in the kernel. It looks like a disconnect of the
      // reader.
      const timer = setTimeout(() => this.response.socket?.resetAndDestroy(), stallMs);
      this.response.once('drain', settle).once('close', settle);
      signal.addEventListener('abort', settleIfCut);
    });
  }

  /** Waits until the run has progressed, or until the end. True if the heartbeat is due first. */
  private async next(seen: Tail | null): Promise<boolean> {
    if (this.tail !== seen || this.reading.signal.aborted) return false;
    const isDue = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), this.reported === this.at ? HEARTBEAT_MS : QUIET_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
    this.wake = null;
    return isDue;
  }
}
