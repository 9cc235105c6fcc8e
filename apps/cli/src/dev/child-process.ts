import { spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { DevError } from './dev-error';

/** How a process of the stack ended. */
export interface ChildEnd {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process to start. */
interface ChildPlan {
  readonly name: string;
  /** Script and arguments for this Node.js. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Log file for all of its output. */
  readonly logPath: string;
  /** Receives every line of its output, before and after it became ready. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Timeout until it is ready, milliseconds. */
  readonly readyMs?: number | undefined;
  /** Receives a text at regular intervals while it is not ready. */
  readonly onWait?: ((text: string) => void) | undefined;
  /** Milliseconds between two of these texts. */
  readonly noticeMs?: number;
}

/** A process that lives is waited for: on a machine with other work it may be silent for minutes. */
export const READY_MS = 300_000;
const NOTICE_MS = 10_000;
const STOP_MS = 20_000;
const TAIL = 15;

/**
 * A Node.js process of the stack. It prints one JSON line when it is ready. It ends on SIGTERM and when its stdin closes, and hence also
 * when this process is killed. It has a session of its own, so Ctrl-C in a terminal reaches only this process, which then stops the others
 * in order.
 */
export class ChildProcess {
  private stopping = false;

  private constructor(
    readonly name: string,
    readonly pid: number,
    /** The JSON that it printed when it was ready. */
    readonly facts: Readonly<Record<string, unknown>>,
    /** Resolves when it ends, for any reason. */
    readonly ended: Promise<ChildEnd>,
    private readonly isOver: () => boolean,
  ) {}

  /** Starts it and waits until it is ready. Throws `DEV_START_FAILED` with the last lines of its output. */
  static async start(plan: ChildPlan): Promise<ChildProcess> {
    const { name, args, env, logPath, onLine, readyMs = READY_MS, onWait, noticeMs = NOTICE_MS } = plan;
    const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
    log.on('error', () => undefined);
    const child = spawn(process.execPath, [...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...env },
    });
    child.stdin.on('error', () => undefined);
    let end: ChildEnd | null = null;
    const ended = new Promise<ChildEnd>((resolve) => {
      child.once('exit', (code, signal) => resolve((end = { name, code, signal })));
      child.once('error', () => resolve((end = { name, code: null, signal: null })));
    });
    const tail: string[] = [];
    const keep = (line: string) => {
      keepLine(log, line);
      tail.push(line);
      if (tail.length > TAIL) tail.shift();
      onLine?.(line);
    };
    const ready = new Promise<Record<string, unknown>>((resolve) => {
      createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (line) => {
        const facts = readyFacts(line);
        // Not stored: the Authority's line holds the secrets of its machines.
        if (facts) resolve(facts);
        else keep(line);
      });
    });
    createInterface({ input: child.stderr, crlfDelay: Infinity }).on('line', keep);
    void ended.then(() => setTimeout(() => log.end(), 100).unref());
    const timeout = new AbortController();
    const since = Date.now();
    const late = `was not ready after ${readyMs / 1_000} s`;
    const notices = setInterval(() => onWait?.(waitText(name, Date.now() - since, tail.at(-1), logPath)), noticeMs);
    const started = await Promise.race([
      ready,
      ended.then(describeEnd),
      delay(readyMs, late, { signal: timeout.signal }).catch(() => 'was not awaited'),
    ]);
    timeout.abort();
    clearInterval(notices);
    if (typeof started === 'string' || child.pid === undefined) {
      child.kill('SIGKILL');
      await ended;
      // Its last output may still be on its way.
      await delay(50);
      const reason = typeof started === 'string' ? started : 'it could not be started';
      throw new DevError(
        'DEV_START_FAILED',
        [`the ${name} did not start: ${reason}`, ...tail].join('\n'),
        reason === late
          ? `See ${logPath}. The process was still running: if the machine has much other work, wait longer with --start-timeout.`
          : `See ${logPath}.`,
      );
    }
    return new ChildProcess(name, child.pid, started, ended, () => end !== null);
  }

  /** True if this process has told it to end. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** Sends a signal, if it has not ended. */
  signal(signal: NodeJS.Signals): void {
    this.stopping = true;
    if (this.isOver()) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It ended at this moment.
    }
  }

  /** Sends SIGTERM and, if it does not end, SIGKILL. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

/** That a process is not ready yet, for how long, and what it does. */
function waitText(name: string, forMs: number, lastLine: string | undefined, logPath: string): string {
  const said = lastLine === undefined ? 'has printed nothing yet' : `last printed: ${lastLine}`;
  return `waiting for the ${name}, ${Math.round(forMs / 1_000)} s so far: its process runs and ${said} (${logPath})`;
}

/** `exit code 3` or `killed by SIGKILL`. */
export function describeEnd({ code, signal }: ChildEnd): string {
  if (signal !== null) return `killed by ${signal}`;
  return code === null ? 'it could not be started' : `exit code ${code}`;
}

function keepLine(log: WriteStream, line: string): void {
  if (!log.writableEnded) log.write(`${line}\n`);
}

/** The line that reports readiness: `{"ready": …}`, or the Authority's facts. */
function readyFacts(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    const facts = JSON.parse(line) as Record<string, unknown>;
    return typeof facts['ready'] === 'string' || typeof facts['issuer'] === 'string' ? facts : null;
  } catch {
    return null;
  }
}
