import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { NumberedChunk } from '@taskrunner/core/ports';
import { EVENT_STREAM, NDJSON } from './log-format';
import { selected } from './log-frames';
import { SharedLogs } from './shared-logs';

const acme = 'acme' as TenantId;
const other = 'other' as TenantId;
const run = (name = 'run_1') => name as RunId;
const LINES = 10;

/** A store with `chunks` chunks of ten lines per run. The text of a line names its tenant and run. */
function storeOf(chunks: number) {
  const reads: string[] = [];
  return {
    reads,
    read: async (tenant: TenantId, runId: RunId, after: number, limit: number): Promise<readonly NumberedChunk[]> => {
      reads.push(`${tenant} ${runId} ${after}`);
      await new Promise((go) => setImmediate(go));
      return Array.from({ length: chunks }, (_, index) => index)
        .filter((index) => (index + 1) * LINES > after)
        .slice(0, limit)
        .map((index) => ({
          firstLine: index * LINES + 1,
          lines: LINES,
          step: 's',
          attempt: 1,
          execution: 1,
          chunk: index,
          at: 0,
          data: new TextEncoder().encode(`i${tenant} ${runId}\n`.repeat(LINES)),
        }));
    },
  };
}

/** The output for a reader of a run from a given line. */
async function readAll(logs: SharedLogs, tenant: TenantId, runId: RunId, from: number, format = NDJSON) {
  const frames: Buffer[] = [];
  for (let at = from; ;) {
    const chunk = await logs.chunkAfter(tenant, runId, at);
    if (!chunk) return frames;
    frames.push(selected(chunk.frames(format), Math.max(0, at + 1 - chunk.firstLine), null));
    at = chunk.lastLine;
  }
}

const numbersIn = (frames: readonly Buffer[]): number[] =>
  Buffer.concat(frames)
    .toString()
    .trim()
    .split('\n')
    .map((frame) => (JSON.parse(frame) as { sequence: number }).sequence);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('logs that many read', () => {
  it('are read once and written once, whoever reads, and all get the same bytes', async () => {
    const store = storeOf(32);
    const logs = new SharedLogs(store, 1 << 24);
    const readers = await Promise.all(range(1, 200).map(() => readAll(logs, acme, run(), 0)));
    expect(store.reads.filter((read) => read === 'acme run_1 0')).toHaveLength(1);
    expect(store.reads.length).toBeLessThanOrEqual(2);
    const [first] = readers;
    for (const frames of readers) {
      expect(frames).toHaveLength(32);
      frames.forEach((bytes, index) => expect(bytes.buffer).toBe(first?.[index]?.buffer));
    }
    expect(numbersIn(first ?? [])).toEqual(range(1, 320));
  });

  it('begin at any line, and go on from what is at hand', async () => {
    const store = storeOf(8);
    const logs = new SharedLogs(store, 1 << 24);
    await readAll(logs, acme, run(), 0);
    const { length } = store.reads;
    for (const from of [1, 9, 10, 11, 45, 79]) {
      expect(numbersIn(await readAll(logs, acme, run(), from))).toEqual(range(from + 1, 80));
    }
    // Only the query after the last line is repeated.
    expect(store.reads.slice(length).every((read) => read === 'acme run_1 80')).toBe(true);
  });

  it('are those of the tenant and the run that were asked for', async () => {
    const logs = new SharedLogs(storeOf(2), 1 << 24);
    for (const [tenant, runId] of [
      [acme, run()],
      [other, run()],
      [acme, run('run_2')],
    ] as const) {
      const frames = await readAll(logs, tenant, runId, 0);
      const texts =
        Buffer.concat(frames)
          .toString()
          .match(/"message":"[^"]*"/g) ?? [];
      expect(new Set(texts)).toEqual(new Set([`"message":"${tenant} ${runId}"`]));
      expect(Buffer.concat(frames).toString()).toContain(`"runId":"${runId}"`);
    }
  });

  it('are written in each format', async () => {
    const logs = new SharedLogs(storeOf(1), 1 << 24);
    const [ndjson, events] = [await readAll(logs, acme, run(), 0), await readAll(logs, acme, run(), 0, EVENT_STREAM)];
    expect(ndjson.toString().startsWith('{')).toBe(true);
    expect(events.toString().startsWith('id: 1\ndata: {')).toBe(true);
  });

  it('take no more memory than they may, and what has gone is read again', async () => {
    const store = storeOf(200);
    const logs = new SharedLogs(store, 40_000);
    for (let round = 0; round < 3; round++)
      expect(numbersIn(await readAll(logs, acme, run(`run_${round}`), 0))).toEqual(range(1, 2_000));
    expect(logs.size).toBeLessThanOrEqual(40_000);
    expect(numbersIn(await readAll(logs, acme, run('run_0'), 0))).toEqual(range(1, 2_000));
    expect(logs.size).toBeLessThanOrEqual(40_000);
  });
});
