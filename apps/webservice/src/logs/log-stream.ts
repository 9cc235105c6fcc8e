import { once } from 'node:events';
import type { LogStore, RunId, TenantId } from '@taskrunner/core';
import type { Response } from 'express';
import { hasEnded, type RunTails, type Tail } from '../runs/run-tails';
import type { LogFormat } from './log-format';
import { isWanted, linesOf, type LineFilter } from './log-lines';

/** What a reader asked for. */
export interface LogReading {
  readonly tenant: TenantId;
  readonly runId: RunId;
  /** Lines after this number. */
  readonly after: number;
  readonly filter: LineFilter;
  readonly format: LogFormat;
  /** False: what is there, and no more. */
  readonly follow: boolean;
  /** Ends the stream: the token ends, the service stops, the reader goes. */
  readonly signal: AbortSignal;
}

const HEARTBEAT_MS = 10_000;
const CHUNKS = 32;
/** Frames are joined to writes of about this size. */
const WRITE_CHARACTERS = 64 * 1024;

/**
 * Sends a run's log to one reader, page by page from the store, at the reader's own speed: after a full socket buffer it waits for
 * the drain, and holds one page meanwhile. Ends with `run.finished` where the run has ended.
 */
export class LogStream {
  private at: number;
  private tail: Tail | null = null;
  private wake: (() => void) | null = null;
  private buffer = '';

  constructor(
    private readonly store: Pick<LogStore, 'read'>,
    private readonly tails: RunTails,
    private readonly response: Response,
    private readonly reading: LogReading,
  ) {
    this.at = reading.after;
  }

  async run(): Promise<void> {
    const { tenant, runId, format, follow, signal } = this.reading;
    const wake = (): void => this.wake?.();
    const unwatch = this.tails.watch(tenant, runId, (tail) => {
      this.tail = tail;
      wake();
    });
    signal.addEventListener('abort', wake);
    try {
      await this.write(format.begin);
      await this.next(null);
      while (!signal.aborted) {
        const tail: Tail | null = this.tail;
        if (tail) {
          await this.catchUp(tail.lastLine);
          if (signal.aborted) return;
          if (hasEnded(tail.status))
            return await this.write(format.finished(runId, tail.status, Math.max(this.at, tail.lastLine)));
          if (!follow) return;
          if (this.tail !== tail) continue;
        }
        await this.write(format.heartbeat(this.at, tail?.lastLine ?? this.at));
        await this.next(tail);
      }
    } finally {
      unwatch();
      signal.removeEventListener('abort', wake);
    }
  }

  private async catchUp(head: number): Promise<void> {
    const { tenant, runId, filter, format, signal } = this.reading;
    while (this.at < head && !signal.aborted) {
      const chunks = await this.store.read(tenant, runId, this.at, CHUNKS);
      if (chunks.length === 0) return;
      for (const chunk of chunks) {
        for (const line of linesOf(chunk, this.at)) {
          if (isWanted(line, filter)) this.buffer += format.line(runId, line);
          if (this.buffer.length >= WRITE_CHARACTERS) await this.write('');
        }
        this.at = Math.max(this.at, chunk.firstLine + chunk.lines - 1);
        if (signal.aborted) return;
      }
      await this.write('');
    }
  }

  /** Writes what is buffered and `text`; resolves when the reader has room. */
  private async write(text: string): Promise<void> {
    const { signal } = this.reading;
    const frames = this.buffer + text;
    this.buffer = '';
    if (frames === '' || signal.aborted || this.response.write(frames)) return;
    await once(this.response, 'drain', { signal }).catch(() => undefined);
  }

  /** Until the run has moved from where it was seen, the heartbeat is due, or the end. */
  private async next(seen: Tail | null): Promise<void> {
    if (this.tail !== seen || this.reading.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, HEARTBEAT_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = null;
  }
}
