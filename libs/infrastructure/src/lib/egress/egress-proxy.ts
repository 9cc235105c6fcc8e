import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { createInterface } from 'node:readline';
import type { EgressAttempt, EgressRule } from '@taskrunner/core/egress';
import type { EgressWay, StepEgress } from '@taskrunner/core/ports';
import { egressError } from './egress-error';
import type { EgressLimits, FromProxy, PlatformHost, ToProxy } from './egress-process/protocol';

/** Whom the proxy becomes where this worker is root: neither the worker nor the user of the steps. */
const USER = 65_533;

/** How the proxy works. */
interface EgressProxyOptions {
  readonly limits: EgressLimits;
  /** Name servers, `address` or `address:port`; none: as this machine resolves. */
  readonly resolvers: readonly string[];
  /** Hosts of the platform: not to be reached by a list that names every host. */
  readonly platform: readonly PlatformHost[];
  /** Told when the process ends without having been asked to. */
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
 * The egress proxy: one process beside the worker, with no environment, no credentials and no open file of the worker's. It is started
 * with the first socket. If it dies, every open socket is lost with it, so that attempts fail closed; the next `open` starts it anew.
 */
export class EgressProxy implements StepEgress {
  private life: Life | null = null;
  private lastId = 0;
  private isClosed = false;

  constructor(private readonly options: EgressProxyOptions) {}

  /** Process id of the proxy, for diagnosis; null while there is none. */
  get pid(): number | null {
    return this.life?.process.pid ?? null;
  }

  /** A way out under these rules. Throws `EGRESS_UNAVAILABLE`. */
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

/** The compiled script beside this file; where this runs from source, as in tests, the one that the build has made. */
function processScript(): string {
  const beside = join(__dirname, 'egress-process', 'main.js');
  const built = beside.replace(`${sep}src${sep}`, `${sep}dist${sep}`);
  for (const path of [beside, built]) if (existsSync(path)) return path;
  throw egressError(`there is no ${beside}: build first`);
}
