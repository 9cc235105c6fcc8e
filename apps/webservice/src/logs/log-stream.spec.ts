import { EventEmitter } from 'node:events';
import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { NumberedChunk } from '@taskrunner/core/ports';
import type { Response } from 'express';
import { RunTails } from '../runs/run-tails';
import { NDJSON } from './log-format';
import { LogStream } from './log-stream';
import { OpenStreams } from './open-streams';
import { SharedLogs } from './shared-logs';

const LIMITS = { streams: { person: 9, tenant: 9, all: 9 } };

const tenant = 'acme' as TenantId;
const runId = 'run_1' as RunId;
const LINES = 1_000;

/** A reader whose socket accepts `room` writes before it is full. */
class Reader extends EventEmitter {
  written = '';
  destroyed = false;
  writes = 0;
  constructor(private room: number) {
    super();
  }
  write(bytes: Buffer): boolean {
    this.written += bytes.toString();
    this.writes++;
    return --this.room > 0;
  }
  readonly socket = {
    resetAndDestroy: (): void => {
      this.destroyed = true;
      this.emit('close');
    },
  };
  drain(room: number): void {
    this.room = room;
    this.emit('drain');
  }
}

function stream(room: number, status = 'succeeded', stallMs = 10_000) {
  const reads: number[] = [];
  const text = 'x'.repeat(1_000);
  const store = {
    read: async (_tenant: TenantId, _run: RunId, after: number, limit: number): Promise<readonly NumberedChunk[]> => {
      reads.push(after);
      return Array.from({ length: limit }, (_, index) => after + index + 1)
        .filter((number) => number <= LINES)
        .map((number) => ({
          firstLine: number,
          lines: 1,
          step: 's',
          attempt: 1,
          execution: 1,
          chunk: number,
          at: 0,
          data: new TextEncoder().encode(`i${text}\n`),
        }));
    },
  };
  const tails = new RunTails({
    tail: async () => [{ tenant, runId, lastSeq: 1, lastLine: LINES, status, version: 1 }],
  });
  const reader = new Reader(room);
  const streams = new OpenStreams(LIMITS);
  const signal = streams.signalFor(reader as unknown as Response, Date.now() + 60_000);
  const reading = {
    tenant,
    runId,
    after: 0,
    tail: null,
    filter: { step: null, attempt: null, level: null },
    format: NDJSON,
    follow: true,
    signal,
    stallMs,
    endedAt: async () => 5,
  };
  const done = new LogStream(new SharedLogs(store, 1 << 20), tails, reader as unknown as Response, reading).run();
  return { reads, reader, done, streams, signal };
}

const settle = () => new Promise((go) => setTimeout(go, 100));
/** Waits until the condition holds; a machine may be slow. */
const until = async (holds: () => boolean) => {
  for (let tries = 0; !holds() && tries < 600; tries++) await settle();
};

describe('a log stream', () => {
  it('waits for a reader that does not read, and goes on where it was', async () => {
    const { reads, reader, done } = stream(1);
    await until(() => reader.writes > 0);
    await settle();
    const { writes } = reader;
    const pages = reads.length;
    await settle();
    expect([reader.writes, reads.length]).toEqual([writes, pages]);
    expect(pages).toBeLessThan(3);
    reader.drain(Infinity);
    await done;
    const numbers = reader.written
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { sequence: number }).sequence);
    expect(numbers).toEqual([...Array.from({ length: LINES }, (_, index) => index + 1), LINES]);
    reader.emit('close');
  });

  it('of a reader that takes nothing for too long is cut off', async () => {
    const { reader, done, signal } = stream(1, 'succeeded', 50);
    await done;
    expect([reader.destroyed, signal.aborted]).toEqual([true, true]);
  });

  it('ends when its reader goes, also while it waits', async () => {
    const { reader, done } = stream(1);
    await settle();
    reader.emit('close');
    await done;
  });

  it('ends with the service, and says where to go on', async () => {
    const { done, streams, signal, reader } = stream(Infinity, 'running');
    await until(() => reader.written.includes(`"sequence":${LINES},`));
    streams.end();
    await done;
    expect(signal.aborted).toBe(true);
    expect(JSON.parse(reader.written.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      ...{ eventType: 'stream.resume', reason: 'service-stops', sequence: LINES, after: LINES },
      retryMs: expect.any(Number) as number,
    });
  });

  it('that is full when the service stops ends behind a whole line, and says which', async () => {
    const { done, streams, reader } = stream(5, 'running');
    await until(() => reader.writes >= 5);
    streams.end();
    reader.drain(Infinity);
    await done;
    const lines = reader.written.trimEnd().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as { eventType: string; after: number };
    expect([last.eventType, last.after]).toEqual(['stream.resume', lines.length - 1]);
    expect(last.after).toBeLessThan(LINES);
  });

  it('that is opened while the service stops ends at once', async () => {
    const streams = new OpenStreams(LIMITS);
    streams.end();
    const signal = streams.signalFor(new Reader(1) as unknown as Response, Date.now() + 60_000);
    expect([signal.aborted, signal.reason]).toEqual([true, 'service-stops']);
  });

  it('ends with its token', async () => {
    const reader = new Reader(1);
    const signal = new OpenStreams(LIMITS).signalFor(reader as unknown as Response, Date.now() + 50);
    expect(signal.aborted).toBe(false);
    await settle();
    expect(signal.aborted).toBe(true);
    reader.emit('close');
  });
});
