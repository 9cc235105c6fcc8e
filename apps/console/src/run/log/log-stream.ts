import type { LogLine, TaskRunnerClient } from '@taskrunner/client';
import type { LogFilter } from './log-filter';

/** What to read of a log. */
export interface LogReading {
  readonly runId: string;
  /** Where to begin: after the line with this number, or with the last lines. */
  readonly from: { readonly after: number } | { readonly tail: number };
  readonly filter: LogFilter;
  /** False: the existing lines only. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Called with the number of the line before the first of a tail. */
  readonly onTail?: (after: number) => void;
  /** Called with lines that have come together, so that a page draws them at once. */
  readonly onLines: (lines: readonly LogLine[]) => void;
  /** False while the connection is lost. */
  readonly onConnection: (isConnected: boolean) => void;
}

/**
 * Reads a log, and goes on where it was after a lost connection. It ends with the run, with the last existing line where it does not follow,
 * or with an error that another try does not mend.
 */
export async function readLog(client: Pick<TaskRunnerClient, 'followLogs'>, reading: LogReading): Promise<void> {
  const { runId, from, filter, follow, signal, onTail, onLines, onConnection } = reading;
  const lines = new Gathered((some) => signal.aborted || onLines(some));
  try {
    const log = client.followLogs(runId, {
      ...{ ...from, ...filter, follow, signal },
      onTail: ({ after }) => after !== undefined && onTail?.(after),
      onConnected: () => onConnection(true),
      // A service that stops asks its readers to come back: nothing is lost.
      onInterrupted: ({ error }) => error !== null && onConnection(false),
    });
    for await (const line of log) if (line.eventType === 'step.log') lines.add(line);
    lines.release();
  } catch (error) {
    if (signal.aborted) return;
    lines.release();
    throw error;
  } finally {
    lines.forget();
  }
}

/** Lines that come in one turn of the event loop. */
class Gathered {
  private lines: LogLine[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly give: (lines: readonly LogLine[]) => void) {}

  add(line: LogLine): void {
    this.lines.push(line);
    this.timer ??= setTimeout(() => this.release(), 0);
  }

  release(): void {
    const { lines } = this;
    this.forget();
    if (lines.length > 0) this.give(lines);
  }

  forget(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.lines = [];
  }
}
