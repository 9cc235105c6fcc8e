import { sha256 } from '../../canonical/digest';
import type { StepId } from '../../foundation/ids';
import { SPLIT_MARK } from '../../journal/log-line';
import type { ClaimedRun } from '../../ports/runs/claims';
import { LogStore, type LogChunk, type NumberedChunk } from '../../ports/runs/log-store';
import type { Fact } from '../../run/run-event';
import { ExecutionLog, LOG_LIMITS, logLimitsOf, type LogLimits } from './execution-log';
import { testDefaults } from '../../../testing/random/random-plan';

const KIB = 1024;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const tick = (): Promise<void> => new Promise((go) => setImmediate(go));

/** Collects appended chunks. Each append waits for `let`, fails as often as configured, and holds the lease by default. */
class RecordingLogStore extends LogStore {
  readonly calls: (readonly LogChunk[])[] = [];
  held = true;
  failures = 0;
  onAppend: (chunks: readonly LogChunk[]) => Promise<void> = async () => undefined;
  private gate: Promise<void> = Promise.resolve();
  open: () => void = () => undefined;

  shut(): void {
    this.gate = new Promise((open) => (this.open = open));
  }

  async append(chunks: readonly LogChunk[]): Promise<readonly boolean[]> {
    await this.gate;
    await this.onAppend(chunks);
    if (this.failures-- > 0) throw new Error('away');
    this.calls.push(chunks);
    return chunks.map(() => this.held);
  }

  async read(): Promise<readonly NumberedChunk[]> {
    return [];
  }

  get chunks(): readonly LogChunk[] {
    return this.calls.flat();
  }

  get lines(): readonly string[] {
    return this.chunks.flatMap(({ data }) => new TextDecoder().decode(data).split('\n').slice(0, -1));
  }
}

/** A log whose chunks are numbered as soon as they are reported, by default. */
function logOf(limits: Partial<LogLimits> = {}, numbers = true) {
  const store = new RecordingLogStore();
  const facts: Fact[] = [];
  const clock = { at: 0, now: () => clock.at };
  const run = { tenant: 'acme', runId: 'run_1', fence: 1 } as unknown as ClaimedRun;
  const log = new ExecutionLog(
    run,
    { step: 'scan' as StepId, attempt: 1, execution: 2 },
    store,
    clock,
    (fact) => {
      facts.push(fact);
      if (numbers && fact.type === 'log') log.numbered(fact.bytes);
    },
    { ...LOG_LIMITS, ...limits },
  );
  const notes = () => facts.flatMap((fact) => (fact.type === 'note' ? [[fact.code, fact.detail]] : []));
  return { log, store, facts, clock, notes };
}

describe('the log of an execution', () => {
  it('is chunks of whole lines, each with its level, told by count, bytes and digest', async () => {
    const { log, store, facts } = logOf();
    await log.output('stdout', encode('one\ntw'));
    await log.output('stderr', encode('bad\n'));
    await log.output('stdout', encode('o\n\n'));
    await log.line('debug', 'x\ny');
    expect(await log.close()).toBe(true);
    expect(store.lines).toEqual(['ione', 'wbad', 'itwo', 'i', 'dx', 'dy']);
    const [chunk] = store.chunks;
    expect(chunk).toMatchObject({ step: 'scan', attempt: 1, execution: 2 });
    expect(facts).toEqual([
      {
        type: 'log',
        step: 'scan',
        execution: 2,
        chunk: 0,
        lines: 6,
        bytes: chunk?.data.length,
        sha256: sha256(chunk?.data ?? ''),
      },
    ]);
  });

  it('has chunks of so many lines and bytes at most, whatever is printed', async () => {
    for (const output of ['\n'.repeat(10_000), `${'€'.repeat(300)}\n`.repeat(2_000), '🙂'.repeat(200_000)]) {
      const { log, store } = logOf();
      await log.output('stdout', encode(output));
      await log.close();
      for (const { data, lines } of store.chunks) {
        expect(data.length).toBeLessThanOrEqual(64 * KIB);
        expect(lines).toBeLessThanOrEqual(256);
        expect(data.filter((byte) => byte === 10)).toHaveLength(lines);
      }
      expect(store.chunks.map(({ chunk }) => chunk)).toEqual(store.chunks.map((_, i) => i));
    }
  });

  it('splits a long line, by bytes, and says that it goes on', async () => {
    const { log, store } = logOf();
    await log.output('stdout', encode(`${'€'.repeat(10_000)}\nnext\n`));
    await log.close();
    const [first, second, last] = store.lines;
    expect(first).toBe(`i${'€'.repeat(5_461)}${SPLIT_MARK}`);
    expect([second, last]).toEqual([`i${'€'.repeat(4_539)}`, 'inext']);
  });

  it('makes the child wait while more than so many bytes have no number', async () => {
    const { log, facts } = logOf({ unnumberedBytes: 10_000 }, false);
    let isThrough = false;
    const writing = log.output('stdout', encode(`${'x'.repeat(99)}\n`.repeat(200))).then(() => (isThrough = true));
    for (let i = 0; i < 20; i++) await tick();
    await new Promise((go) => setTimeout(go, 50));
    expect(isThrough).toBe(false);
    const sizes = facts.flatMap((fact) => (fact.type === 'log' ? [fact.bytes] : []));
    for (const bytes of sizes) log.numbered(bytes);
    await writing;
    expect(await log.close()).toBe(true);
  });

  it('of a run that is lost makes nobody wait', async () => {
    const { log, store } = logOf({ unnumberedBytes: 10 }, false);
    store.held = false;
    await log.output('stdout', encode('x'.repeat(100_000)));
    expect(await log.close()).toBe(false);
  });

  it('stores together what was closed while others were stored, and loses nothing while the store is away', async () => {
    const { log, store } = logOf({ chunkLines: 1 });
    store.shut();
    await log.output('stdout', encode('1\n'));
    await log.output('stdout', encode('2\n3\n'));
    store.failures = 1;
    store.open();
    expect(await log.close()).toBe(true);
    expect(store.calls.map((chunks) => chunks.length)).toEqual([1, 2]);
    expect(store.lines).toEqual(['i1', 'i2', 'i3']);
  });

  it('ends where it is full: what follows is counted and dropped, and both are said', async () => {
    const { log, store, notes } = logOf({ bytes: 1_000, bytesPerSecond: 64 * KIB });
    for (let i = 0; i < 30; i++) await log.output('stdout', encode(`${'x'.repeat(98)}\n`));
    await log.close();
    expect(store.lines.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => `i${'x'.repeat(98)}`));
    expect(store.lines.slice(10)).toEqual([
      'w[the log of this step is full (1000 bytes): further lines are counted and dropped]',
      'w[20 lines, 1980 bytes of this step dropped: its log is full]',
    ]);
    expect(notes()).toEqual([['LOG_DROPPED', { step: 'scan', lines: 20, bytes: 1_980 }]]);
  });

  it('that is too fast has gaps, each said in its place', async () => {
    const { log, store, clock, notes } = logOf({ bytesPerSecond: 1_000 });
    const second = encode(`${'x'.repeat(98)}\n`.repeat(15));
    await log.output('stdout', second);
    clock.at = 1_000;
    await log.output('stdout', second);
    await log.close();
    const gap = 'w[5 lines, 495 bytes of this step dropped: more than 1000 bytes a second]';
    const kept = Array.from({ length: 10 }, () => `i${'x'.repeat(98)}`);
    expect(store.lines).toEqual([...kept, gap, ...kept, gap]);
    expect(notes()).toEqual([['LOG_DROPPED', { step: 'scan', lines: 10, bytes: 990 }]]);
  });

  it('counts a long line that is dropped once', async () => {
    const { log, notes } = logOf({ bytes: 100 });
    await log.output('stdout', encode('x'.repeat(100_000)));
    await log.close();
    expect(notes()).toEqual([['LOG_DROPPED', { step: 'scan', lines: 1, bytes: 100_007 }]]);
  });

  it('has the limits of its admitted profile', () => {
    expect(logLimitsOf({ ...testDefaults, logBytes: 1, logBytesPerSecond: 2 })).toMatchObject({
      bytes: 1,
      bytesPerSecond: 2,
    });
    const { logBytes: _bytes, logBytesPerSecond: _rate, ...admittedBefore } = testDefaults;
    expect(logLimitsOf(admittedBefore)).toEqual(LOG_LIMITS);
  });
});

describe('whatever a child prints', () => {
  it.each<[string, (i: number) => Uint8Array]>([
    ['one endless line', () => new Uint8Array(64 * KIB).fill(0x61)],
    ['NUL', () => new Uint8Array(64 * KIB)],
    ['bytes that are no text', (i) => Uint8Array.from({ length: 64 * KIB }, (_, j) => (i * 31 + j * 7) % 256)],
    ['empty lines', () => new Uint8Array(64 * KIB).fill(0x0a)],
  ])('no more is kept in memory than may wait: %s', async (_, output) => {
    const { log, store } = logOf({ bytes: 1024 * 1024 * 1024, bytesPerSecond: 1024 * 1024 * 1024 });
    let most = 0;
    store.onAppend = async (chunks) => {
      most = Math.max(
        most,
        chunks.reduce((sum, { data }) => sum + data.length, 0),
      );
      store.calls.length = 0;
      await tick();
    };
    for (let i = 0; i < 40; i++) await log.output('stdout', output(i));
    expect(await log.close()).toBe(true);
    // What may wait, and what one read of a pipe becomes at most: a NUL is written with six bytes.
    expect(most).toBeLessThanOrEqual(1024 * KIB + 7 * 64 * KIB);
  });
});
