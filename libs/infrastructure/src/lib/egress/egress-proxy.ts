import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { createInterface } from 'node:readline';
import type { EgressAttempt, EgressRule } from '@taskrunner/core/egress';
import type { EgressWay, StepEgress } from '@taskrunner/core/ports';
import { egressError } from './egress-error';
import type { EgressLimits, FromProxy, PlatformHost, ToProxy } from './egress-process/protocol';

/** User of the proxy if this worker is root. It is neither the worker's user nor the steps'. */
const USER = 65_533;

/** Options of the proxy. */
interface EgressProxyOptions {
  readonly limits: EgressLimits;
  /** Name servers, `address` or `address:port`; empty: the resolver of this machine. */
  readonly resolvers: readonly string[];
  /** Hosts of the platform. A rule for all hosts does not include them. */
  readonly platform: readonly PlatformHost[];
  /** Called when the process ends unexpectedly. */
  readonly onLost?: (reason: string) => void;
}

interface Opened {
  readonly attempts: EgressAttempt[];
  readonly opened: (error: Error | null) => void;
  closed: () => void;
  lost: boolean;
  listeners: (() => void)[];
}

interface Life {
  readonly process: ChildProcess;
  readonly folder: string;
  readonly sockets: Map<number, Opened>;
  readonly over: Promise<void>;
}

/**
 * The egress proxy: one process beside the worker, without environment variables, credentials or open files of the worker. It starts with
 * the first socket. If it dies, all open sockets close and attempts fail; the next `open` restarts it.
 */
export class EgressProxy implements StepEgress {
  private life: Life | null = null;
  private lastId = 0;
  private isClosed = false;

  constructor(private readonly options: EgressProxyOptions) {}

  /** Process id of the proxy, for diagnosis; null if it is not running. */
  get pid(): number | null {
    return this.life?.process.pid ?? null;
  }

  /** Opens an egress socket with these rules. Throws `EGRESS_UNAVAILABLE`. */
  async open(rules: readonly EgressRule[]): Promise<EgressWay> {
    if (this.isClosed) throw egressError('the egress proxy is closed');
    const life = this.life ?? this.begin();
    const id = ++this.lastId;
    const path = join(life.folder, `${id}.sock`);
    const { limits, platform } = this.options;
    const entry = await new Promise<Opened>((resolve, reject) => {
      const opened: Opened = {
        attempts: [],
        opened: (error) => (error === null ? resolve(opened) : reject(error)),
        closed: () => undefined,
        lost: false,
        listeners: [],
      };
      life.sockets.set(id, opened);
      send(life, { type: 'open', id, path, rules, platform, limits });
    }).catch((error: unknown) => {
      life.sockets.delete(id);
      throw error;
    });
    return {
      path,
      onLost: (listener) => (entry.lost ? listener() : void entry.listeners.push(listener)),
      close: async () => {
        entry.listeners = [];
        if (!entry.lost && life.sockets.has(id))
          await new Promise<void>((resolve) => {
            entry.closed = resolve;
            send(life, { type: 'close', id });
          });
        life.sockets.delete(id);
        return { attempts: entry.attempts, lost: entry.lost };
      },
    };
  }

  /** Ends the process. */
  async close(): Promise<void> {
    this.isClosed = true;
    const { life } = this;
    if (life === null) return;
    life.process.stdin?.end();
    await life.over;
  }

  private begin(): Life {
    const folder = mkdtempSync(join(tmpdir(), 'taskrunner-egress-'));
    if (process.getuid?.() === 0) chownSync(folder, USER, USER);
    const child = spawn(process.execPath, [processScript(), String(USER), ...this.options.resolvers], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {},
      cwd: '/',
    });
    const sockets = new Map<number, Opened>();
    const over = new Promise<string>((resolve) => {
      child.once('close', (code, signal) => resolve(`it ended with ${signal ?? code ?? 'nothing'}`));
      child.once('error', (error) => resolve(error.message));
    }).then((reason) => {
      if (this.life === life) this.life = null;
      for (const socket of sockets.values()) lose(socket, reason);
      sockets.clear();
      rmSync(folder, { recursive: true, force: true });
      if (!this.isClosed) this.options.onLost?.(reason);
    });
    const life: Life = { process: child, folder, sockets, over };
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (line) =>
      hear(sockets, JSON.parse(line) as FromProxy),
    );
    this.life = life;
    return life;
  }
}

function hear(sockets: ReadonlyMap<number, Opened>, message: FromProxy): void {
  const socket = sockets.get(message.id);
  switch (message.type) {
    case 'opened':
      return socket?.opened(null);
    case 'refused':
      return socket?.opened(egressError(`the egress proxy could not open a socket: ${message.message}`));
    case 'attempt':
      return void socket?.attempts.push(message.attempt);
    case 'closed':
      return socket?.closed();
  }
}

function lose(socket: Opened, reason: string): void {
  socket.lost = true;
  socket.opened(egressError(`the egress proxy has ended: ${reason}`));
  socket.closed();
  for (const listener of socket.listeners.splice(0)) listener();
}

function send(life: Life, message: ToProxy): void {
  life.process.stdin?.write(`${JSON.stringify(message)}\n`);
}

/** Path of the compiled script beside this file. Tests run from source and use the built one. */
function processScript(): string {
  const beside = join(__dirname, 'egress-process', 'main.js');
  const built = beside.replace(`${sep}src${sep}`, `${sep}dist${sep}`);
  for (const path of [beside, built]) if (existsSync(path)) return path;
  throw egressError(`there is no ${beside}: build first`);
}
