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

/** What to start. */
interface ChildPlan {
  readonly name: string;
  /** Script and its arguments for our own Node.js. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Everything that it writes is kept here. */
  readonly logPath: string;
  /** Receives every line that it writes after it became ready, and before. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Longest time until it is ready, milliseconds. */
  readonly readyMs?: number;
}

const READY_MS = 60_000;
const STOP_MS = 20_000;
const TAIL = 15;

/**
 * A Node.js process of the stack. It says one JSON line when it is ready, and ends on SIGTERM and when its stdin closes, hence also
 * when this process is killed. It has a session of its own: Ctrl-C in a terminal reaches this process alone, which then stops the
 * others in order.
 */
export class ChildProcess {
  private stopping = false;

  private constructor(
    readonly name: string,
    readonly pid: number,
    /** What it said when it was ready. */
    readonly facts: Readonly<Record<string, unknown>>,
    /** Settles when it ends, for whatever reason. */
    readonly ended: Promise<ChildEnd>,
    private readonly isOver: () => boolean,
  ) {}

  /** Starts it and waits until it is ready. Throws `DEV_START_FAILED` with the last lines that it wrote. */
  static async start({ name, args, env, logPath, onLine, readyMs = READY_MS }: ChildPlan): Promise<ChildProcess> {
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
        // Not kept: the Authority's holds the secrets of its machines.
        if (facts) resolve(facts);
        else keep(line);
      });
    });
    createInterface({ input: child.stderr, crlfDelay: Infinity }).on('line', keep);
    void ended.then(() => setTimeout(() => log.end(), 100).unref());
    const timeout = new AbortController();
    const started = await Promise.race([
      ready,
      ended.then(describeEnd),
      delay(readyMs, `was not ready after ${readyMs / 1_000} s`, { signal: timeout.signal }).catch(
        () => 'was not awaited',
      ),
    ]);
    timeout.abort();
    if (typeof started === 'string' || child.pid === undefined) {
      child.kill('SIGKILL');
      await ended;
      // What it wrote last may still be on its way.
      await delay(50);
      const reason = typeof started === 'string' ? started : 'it could not be started';
      throw new DevError(
        'DEV_START_FAILED',
        [`the ${name} did not start: ${reason}`, ...tail].join('\n'),
        `See ${logPath}.`,
      );
    }
    return new ChildProcess(name, child.pid, started, ended, () => end !== null);
  }

  /** True once somebody here has asked it to end. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** Sends a signal; nothing if it is over. */
  signal(signal: NodeJS.Signals): void {
    this.stopping = true;
    if (this.isOver()) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It ended in this moment.
    }
  }

  /** SIGTERM, and SIGKILL for what does not heed it. Resolves when it is over. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

/** `exit code 3` or `killed by SIGKILL`. */
export function describeEnd({ code, signal }: ChildEnd): string {
  if (signal !== null) return `killed by ${signal}`;
  return code === null ? 'it could not be started' : `exit code ${code}`;
}

function keepLine(log: WriteStream, line: string): void {
  if (!log.writableEnded) log.write(`${line}\n`);
}

/** The line that says ready: `{"ready": …}`, or the Authority's facts. */
function readyFacts(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    const facts = JSON.parse(line) as Record<string, unknown>;
    return typeof facts['ready'] === 'string' || typeof facts['issuer'] === 'string' ? facts : null;
  } catch {
    return null;
  }
}
