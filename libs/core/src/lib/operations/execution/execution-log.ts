import { sha256 } from '../../canonical/digest';
import type { StepId } from '../../foundation/ids';
import { LineCutter } from '../../journal/line-cutter';
import { LEVEL_LETTERS, SPLIT_MARK, type LogLevel } from '../../journal/log-line';
import type { ProfileDefaults } from '../../plan/profile';
import type { Clock } from '../../ports/clock';
import type { LogChunk, LogStore } from '../../ports/runs/log-store';
import type { Fact } from '../../run/run-event';
import { LogAllowance } from './log-allowance';

export interface LogLimits {
  readonly chunkLines: number;
  /** Maximum bytes of a chunk. */
  readonly chunkBytes: number;
  /** Maximum time that a line waits for others, milliseconds. */
  readonly flushMs: number;
  /** The same for the first line of a run, which people wait for. */
  readonly firstFlushMs: number;
  /** Maximum bytes of a line's text. A longer line is split. */
  readonly lineBytes: number;
  /** Maximum bytes of one execution. Output beyond it is counted and dropped. */
  readonly bytes: number;
  /** Maximum bytes per second. */
  readonly bytesPerSecond: number;
  /** Maximum bytes that wait for their line numbers before reading from the pipe stops. */
  readonly unnumberedBytes: number;
}

export const LOG_LIMITS: LogLimits = {
  chunkLines: 256,
  chunkBytes: 64 * 1024,
  flushMs: 25,
  firstFlushMs: 5,
  lineBytes: 16 * 1024,
  bytes: 64 * 1024 * 1024,
  bytesPerSecond: 16 * 1024 * 1024,
  unnumberedBytes: 1024 * 1024,
};

/** The limits of a run, as bound by its admitted profile. Runs that were admitted before limits existed have the defaults. */
export function logLimitsOf({ logBytes, logBytesPerSecond }: ProfileDefaults): LogLimits {
  const { bytes, bytesPerSecond } = LOG_LIMITS;
  return { ...LOG_LIMITS, bytes: logBytes ?? bytes, bytesPerSecond: logBytesPerSecond ?? bytesPerSecond };
}

/** Write access to a stream: that of the run's driver, or that of the holder of an assignment. */
export type LogHold = Pick<LogChunk, 'tenant' | 'runId' | 'fence' | 'assignment'>;

/** The execution to which a log belongs. */
interface LogOwner {
  readonly step: StepId;
  readonly attempt: number;
  readonly execution: number;
}

/**
 * Takes a fact of an execution. `isFollowed`: its lines or its outcome follow, as a rule at once, so that the fact need not be stored before
 * them.
 */
export type FactReport = (fact: Fact, isFollowed?: boolean) => void;

/** Lines and bytes that were dropped. */
interface Dropped {
  lines: number;
  bytes: number;
}

const MARK = new TextEncoder().encode(SPLIT_MARK);
const LF = 0x0a;
/** Bytes of a stored line besides its text: level letter and line end. */
const FRAME_BYTES = 2;

/**
 * The stream of one execution: output becomes lines, and lines become chunks (ADR 34). Chunks are stored first and then reported
 * as facts, by which the driver numbers their lines. Chunks that are closed while others are being stored are stored together.
 */
export class ExecutionLog {
  /** Null until there is output: most executions of built-in steps have none. */
  private readonly cutters: Record<'stdout' | 'stderr', LineCutter | null> = { stdout: null, stderr: null };
  private readonly allowance: LogAllowance;
  /** Buffer whose beginning is the open chunk. It is reused for each chunk. */
  private open = new Uint8Array(0);
  private lines = 0;
  private bytes = 0;
  /** Closed chunks that are not being stored yet. */
  private waiting: LogChunk[] = [];
  private storing: Promise<void> | null = null;
  private readonly dropped: Dropped = { lines: 0, bytes: 0 };
  /** Lines and bytes dropped since the last kept line. */
  private gap: Dropped = { lines: 0, bytes: 0 };
  private isFull = false;
  private chunk = 0;
  private unnumbered = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private room: (() => void)[] = [];
  private lost = false;
  private isClosing = false;

  constructor(
    private readonly stream: LogHold,
    private readonly of: LogOwner,
    private readonly store: LogStore,
    private readonly clock: Clock,
    private readonly report: FactReport,
    private readonly limits: LogLimits = LOG_LIMITS,
  ) {
    this.allowance = new LogAllowance(limits);
  }

  /** Adds raw output of a child. Resolves when there is room for more. */
  async output(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void> {
    (this.cutters[stream] ??= this.cutterOf(stream === 'stdout' ? 'info' : 'warn')).push(bytes);
    await this.roomForMore();
  }

  async line(level: LogLevel, text: string): Promise<void> {
    this.cutterOf(level).push(new TextEncoder().encode(`${text}\n`));
    await this.roomForMore();
  }

  private cutterOf(level: LogLevel): LineCutter {
    return new LineCutter(this.limits.lineBytes, (text, goesOn) => this.add(level, text, goesOn));
  }

  /** Called when the driver has numbered a chunk of this many bytes. */
  numbered(bytes: number): void {
    this.unnumbered -= bytes;
    if (this.unnumbered <= this.limits.unnumberedBytes) for (const go of this.room.splice(0)) go();
  }

  /** Called at the end of the execution: stores and reports the rest. False if the run is no longer ours. */
  async close(): Promise<boolean> {
    this.isClosing = true;
    this.cutters.stdout?.end();
    this.cutters.stderr?.end();
    this.sayGap();
    const { lines, bytes } = this.dropped;
    if (bytes > 0)
      this.report({ type: 'note', code: 'LOG_DROPPED', detail: { step: this.of.step, lines, bytes } }, true);
    this.flush();
    await this.storing;
    return !this.lost;
  }

  /** Releases callers that wait for room. */
  abandon(): void {
    this.lost = true;
    if (this.timer) clearTimeout(this.timer);
    for (const go of this.room.splice(0)) go();
  }

  private add(level: LogLevel, text: Uint8Array, goesOn: boolean): void {
    const size = text.length + FRAME_BYTES + (goesOn ? MARK.length : 0);
    const allowed = this.isFull ? 'full' : this.allowance.take(size, this.clock.now());
    if (allowed === 'kept') {
      this.sayGap();
      this.push(level, goesOn ? [text, MARK] : [text], size);
      return;
    }
    if (allowed === 'full' && !this.isFull) {
      this.isFull = true;
      this.sayGap();
      this.say(`[the log of this step is full (${this.limits.bytes} bytes): further lines are counted and dropped]`);
    }
    for (const dropped of [this.dropped, this.gap]) {
      // Of a line in several parts the last part counts.
      if (!goesOn) dropped.lines++;
      dropped.bytes += text.length + 1;
    }
  }

  /** Adds a line that states what was dropped in its place. */
  private sayGap(): void {
    const { lines, bytes } = this.gap;
    if (bytes === 0) return;
    this.gap = { lines: 0, bytes: 0 };
    const why = this.isFull ? 'its log is full' : `more than ${this.limits.bytesPerSecond} bytes a second`;
    this.say(`[${lines} lines, ${bytes} bytes of this step dropped: ${why}]`);
  }

  private say(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.push('warn', [bytes], bytes.length + FRAME_BYTES);
  }

  private push(level: LogLevel, text: readonly Uint8Array[], size: number): void {
    if (this.bytes + size > this.limits.chunkBytes) this.flush();
    this.makeRoom(size);
    for (const part of [LETTERS[level], ...text, LINE_END]) {
      this.open.set(part, this.bytes);
      this.bytes += part.length;
    }
    this.lines++;
    if (this.lines >= this.limits.chunkLines) this.flush();
    else
      this.timer ??= setTimeout(() => this.flush(), this.chunk === 0 ? this.limits.firstFlushMs : this.limits.flushMs);
  }

  /** Makes room for so many more bytes. */
  private makeRoom(size: number): void {
    const { open, bytes } = this;
    if (bytes + size <= open.length) return;
    this.open = new Uint8Array(Math.max(bytes + size, Math.min(2 * open.length, this.limits.chunkBytes)));
    this.open.set(open.subarray(0, bytes));
  }

  /** Closes the open chunk. */
  private flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.lines === 0 || this.lost) return;
    const data = this.open.slice(0, this.bytes);
    const { lines } = this;
    this.lines = 0;
    this.bytes = 0;
    this.unnumbered += data.length;
    const { step, attempt, execution } = this.of;
    const place = { step, attempt, execution, chunk: this.chunk++, at: this.clock.now() };
    this.waiting.push({ ...this.stream, ...place, data, lines, sha256: sha256(data) });
    this.storing ??= this.storeAll();
  }

  private async storeAll(): Promise<void> {
    try {
      for (let chunks = this.waiting; chunks.length > 0 && !this.lost; chunks = this.waiting) {
        this.waiting = [];
        await this.storeThese(chunks);
      }
    } finally {
      this.storing = null;
    }
  }

  private async storeThese(chunks: readonly LogChunk[]): Promise<void> {
    const { step, execution } = this.of;
    for (let pause = 100; !this.lost; pause = Math.min(pause * 2, 5_000)) {
      try {
        const held = await this.store.append(chunks);
        if (!held.every(Boolean)) return this.abandon();
        for (const { chunk, lines, data, sha256: digest } of chunks)
          this.report(
            { type: 'log', step, execution, chunk, lines, bytes: data.length, sha256: digest },
            this.isClosing,
          );
        return;
      } catch {
        // If the store is unavailable, the line is not lost: the pipe waits. A chunk that was stored after all is recognised by its
        // position.
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  private async roomForMore(): Promise<void> {
    while (!this.lost && this.unnumbered + this.bytes > this.limits.unnumberedBytes)
      await new Promise<void>((go) => this.room.push(go));
  }
}

const LINE_END = Uint8Array.of(LF);
const LETTERS = Object.fromEntries(
  Object.entries(LEVEL_LETTERS).map(([level, letter]) => [level, new TextEncoder().encode(letter)]),
) as Readonly<Record<LogLevel, Uint8Array>>;
