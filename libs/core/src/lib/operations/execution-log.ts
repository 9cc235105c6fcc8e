import { sha256 } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import type { ClaimedRun } from '../ports/claims';
import type { Clock } from '../ports/clock';
import type { LogStore } from '../ports/log-store';
import type { Fact } from '../run/run-event';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

export interface LogLimits {
  readonly chunkLines: number;
  readonly chunkBytes: number;
  readonly flushMs: number;
  readonly lineBytes: number;
  /** Of one execution; what exceeds it is counted and dropped. */
  readonly executionBytes: number;
  /** Bytes that may wait for their line numbers before the pipe is not read. */
  readonly unnumberedBytes: number;
}

export const LOG_LIMITS: LogLimits = {
  chunkLines: 256,
  chunkBytes: 64 * 1024,
  flushMs: 50,
  lineBytes: 16 * 1024,
  executionBytes: 64 * 1024 * 1024,
  unnumberedBytes: 1024 * 1024,
};

/** How a stored line begins: one letter for its level, then its text. */
export const LEVEL_LETTERS: Readonly<Record<LogLevel, string>> = {
  trace: 't',
  debug: 'd',
  info: 'i',
  warn: 'w',
  error: 'e',
};
/** The levels by their letter. */
export const LEVELS_BY_LETTER: Readonly<Record<string, LogLevel>> = {
  t: 'trace',
  d: 'debug',
  i: 'info',
  w: 'warn',
  e: 'error',
};

const SPLIT_MARK = ' …[line goes on]';

/**
 * One execution's stream: output becomes lines, lines become chunks (engine.md §2, Log). A chunk is stored first, then
 * reported as a fact, by which the driver gives it its line numbers.
 */
export class ExecutionLog {
  /** Made when the first bytes come: most steps that act in the journal alone print nothing. */
  private readonly decoders: { [Stream in 'stdout' | 'stderr']?: InstanceType<typeof TextDecoder> } = {};
  private readonly partial = { stdout: '', stderr: '' };
  private lines: string[] = [];
  private bytes = 0;
  private total = 0;
  private dropped = 0;
  private chunk = 0;
  private unnumbered = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private writing: Promise<void> = Promise.resolve();
  private room: (() => void)[] = [];
  private lost = false;

  constructor(
    private readonly run: ClaimedRun,
    private readonly step: StepId,
    private readonly execution: number,
    private readonly store: LogStore,
    private readonly clock: Clock,
    private readonly report: (fact: Fact) => void,
    private readonly limits: LogLimits = LOG_LIMITS,
  ) {}

  /** Raw output of a child. Resolves when there is room for more. */
  async output(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void> {
    const decoder = (this.decoders[stream] ??= new TextDecoder());
    const text = this.partial[stream] + decoder.decode(bytes, { stream: true });
    const pieces = text.split('\n');
    this.partial[stream] = pieces.pop() ?? '';
    for (const piece of pieces) this.add(levelOf(stream), piece.replace(/\r$/, ''));
    if (this.partial[stream].length > this.limits.lineBytes) {
      this.add(levelOf(stream), this.partial[stream]);
      this.partial[stream] = '';
    }
    await this.roomForMore();
  }

  async line(level: LogLevel, text: string): Promise<void> {
    for (const piece of text.split('\n')) this.add(level, piece);
    await this.roomForMore();
  }

  /** The driver has numbered a chunk of this many bytes. */
  numbered(bytes: number): void {
    this.unnumbered -= bytes;
    if (this.unnumbered <= this.limits.unnumberedBytes) for (const go of this.room.splice(0)) go();
  }

  /** The execution is over: what is left is stored and reported. False if the run is no longer ours. */
  async close(): Promise<boolean> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.partial[stream] + (this.decoders[stream]?.decode() ?? '');
      this.partial[stream] = '';
      if (rest !== '') this.add(levelOf(stream), rest);
    }
    if (this.dropped > 0)
      this.report({ type: 'note', code: 'LOG_DROPPED', detail: { step: this.step, lines: this.dropped } });
    if (this.dropped > 0)
      this.push(`${LEVEL_LETTERS.warn}[${this.dropped} lines dropped: the step's log limit is reached]`);
    this.flush();
    await this.writing;
    return !this.lost;
  }

  /** Nobody waits for room any more. */
  abandon(): void {
    this.lost = true;
    if (this.timer) clearTimeout(this.timer);
    for (const go of this.room.splice(0)) go();
  }

  private add(level: LogLevel, text: string): void {
    const clean = text.replaceAll('\0', '\\u0000');
    for (let from = 0; from === 0 || from < clean.length; from += this.limits.lineBytes) {
      const piece = clean.slice(from, from + this.limits.lineBytes);
      const goesOn = from + this.limits.lineBytes < clean.length;
      if (this.total > this.limits.executionBytes) this.dropped++;
      else this.push(`${LEVEL_LETTERS[level]}${piece}${goesOn ? SPLIT_MARK : ''}`);
    }
  }

  private push(line: string): void {
    this.lines.push(line);
    this.bytes += line.length + 1;
    this.total += line.length + 1;
    if (this.lines.length >= this.limits.chunkLines || this.bytes >= this.limits.chunkBytes) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.limits.flushMs);
  }

  private flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.lines.length === 0) return;
    const data = new TextEncoder().encode(`${this.lines.join('\n')}\n`);
    const lines = this.lines.length;
    this.lines = [];
    this.bytes = 0;
    const chunk = this.chunk++;
    this.unnumbered += data.length;
    this.writing = this.writing.then(() => this.write(chunk, data, lines));
  }

  private async write(chunk: number, data: Uint8Array, lines: number): Promise<void> {
    if (this.lost) return;
    const digest = sha256(data);
    const { step, execution } = this;
    const { tenant, runId, fence } = this.run;
    const chunkOf = { tenant, runId, fence, step, execution, chunk, data, lines, sha256: digest };
    for (let pause = 100; !this.lost; pause = Math.min(pause * 2, 5_000)) {
      try {
        const [held] = await this.store.append([{ ...chunkOf, at: this.clock.now() }]);
        if (held) this.report({ type: 'log', step, execution, chunk, lines, bytes: data.length, sha256: digest });
        else this.abandon();
        return;
      } catch {
        // The store is away: the line is not lost, the pipe waits. A chunk that was stored all the same is known by its place.
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  private async roomForMore(): Promise<void> {
    while (!this.lost && this.unnumbered + this.bytes > this.limits.unnumberedBytes)
      await new Promise<void>((go) => this.room.push(go));
  }
}

function levelOf(stream: 'stdout' | 'stderr'): LogLevel {
  return stream === 'stdout' ? 'info' : 'warn';
}
