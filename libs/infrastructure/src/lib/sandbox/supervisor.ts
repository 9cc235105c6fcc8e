import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { StepChild, StepOutput, StepPlace } from '@taskrunner/core/ports';
import { ChildHandle } from './child-handle';
import type { Launch } from './launch/launch';
import { Pipes } from './launch/pipes';
import { scriptFolder } from './script-folder';
import { monotonicMs, type FromSupervisor, type ToSupervisor } from './supervisor-process/protocol';

const WATCH_MS = 500;

/** A deadline that has passed, and the steps that were killed at it. */
export interface Expiry {
  readonly deadline: Date;
  readonly steps: readonly StepPlace[];
}

interface SupervisorOptions {
  /** Called when the deadline has passed and all children were killed. */
  readonly onExpired?: (expiry: Expiry) => void;
  /** Interval of checks of the children's resource use, milliseconds. Default: 500. */
  readonly watchMs?: number;
  /** Folder for the pipes of children. Several workers may share it. Default: the folder for temporary files. */
  readonly pipesIn?: string;
  /** Control group that is delegated to this process. Memory of children is limited by groups below it. Null: it is watched. */
  readonly cgroup?: string | null;
}

/** One instance of the supervisor process. */
interface Life {
  readonly process: ChildProcess;
  readonly pipes: Pipes;
  readonly children: Map<number, ChildHandle>;
  readonly over: Promise<void>;
}

/**
 * Starts all children of this worker through one separate process, which kills them when the deadline passes or when this process ends for
 * any reason. If the separate process is lost, its children are killed and their `exit` rejects with `SUPERVISOR_LOST`. The next `run`
 * restarts it under the same deadline.
 */
export class Supervisor {
  private life: Life | null = null;
  private until: number | null = null;
  private lastId = 0;
  private closed = false;
  private waiting: (() => void)[] = [];

  private constructor(private readonly options: SupervisorOptions) {}

  static start(options: SupervisorOptions = {}): Supervisor {
    const supervisor = new Supervisor(options);
    supervisor.begin();
    return supervisor;
  }

  /** Process id of the supervisor, for diagnosis; null if it is not running. */
  get pid(): number | null {
    return this.life?.process.pid ?? null;
  }

  /** Starts a child. Resolves when its pipes exist; `exit` reports whether it started. */
  async run(launch: Launch, reader: StepOutput): Promise<StepChild> {
    if (this.closed) throw new TypeError('the supervisor is closed');
    const life = this.life ?? this.begin();
    const id = ++this.lastId;
    const stdin = launch.stdin === undefined ? null : await life.pipes.toChild();
    const [stdout, stderr] = await Promise.all([life.pipes.fromChild(), life.pipes.fromChild()]);
    const stop = (graceMs: number) => send(life, { type: 'stop', id, graceMs });
    const child = new ChildHandle(stdin, stdout, stderr, launch, reader, stop);
    if (this.life !== life) {
      void child.lose();
      return child;
    }
    life.children.set(id, child);
    const { argv, env, cwd, handover = null, firstProcess, watch } = launch;
    const paths = { stdin: stdin?.path ?? null, stdout: stdout.path, stderr: stderr.path };
    send(life, { type: 'run', id, argv, env, cwd, handover, firstProcess, watch, ...paths });
    return child;
  }

  /**
   * Sets the deadline: all children are killed `deadlineMs` after `sentAtMs` unless it is renewed before. A caller may pass an earlier time
   * than now, such as the time at which it sent the renewal of its lease.
   */
  renew(deadlineMs: number, sentAtMs: number = monotonicMs()): void {
    this.until = sentAtMs + deadlineMs;
    if (this.life !== null) send(this.life, { type: 'renew', until: this.until });
    if (this.until > monotonicMs()) for (const go of this.waiting.splice(0)) go();
  }

  /**
   * Resolves while the deadline is in the future, or when it is again, or when aborted. A child started after the deadline would be killed
   * at once.
   */
  async renewed(waiter: Pick<AbortController, 'signal'>): Promise<void> {
    if (this.until === null || this.until > monotonicMs()) return;
    const { signal } = waiter;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      this.waiting.push(resolve);
    });
  }

  /** Kills the remaining children, waits for their end, and ends the process. */
  async close(): Promise<void> {
    this.closed = true;
    const { life } = this;
    if (life === null) return;
    life.process.stdin?.end();
    await life.over;
  }

  private begin(): Life {
    const { watchMs = WATCH_MS, cgroup, onExpired, pipesIn = tmpdir() } = this.options;
    const pipes = new Pipes(pipesIn);
    const main = join(scriptFolder('supervisor-process'), 'main.js');
    const child = spawn(process.execPath, [main, pipes.folder, String(watchMs), cgroup ?? ''], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    });
    const children = new Map<number, ChildHandle>();
    const over = new Promise<void>((resolve) => {
      // `close` is emitted after the last message was read.
      child.once('close', resolve);
      child.once('error', () => resolve());
    }).then(async () => {
      if (this.life === life) this.life = null;
      await Promise.all([...children.values()].map((left) => left.lose()));
      children.clear();
      pipes.close();
    });
    const life: Life = { process: child, pipes, children, over };
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (line) => {
      const message = JSON.parse(line) as FromSupervisor;
      if (message.type === 'expired') onExpired?.(expiryOf(message.until, children.values()));
      else if (children.get(message.id)?.hear(message)) children.delete(message.id);
    });
    this.life = life;
    if (this.until !== null) send(life, { type: 'renew', until: this.until });
    return life;
  }
}

function send(life: Life, message: ToSupervisor): void {
  life.process.stdin?.write(`${JSON.stringify(message)}\n`);
}

function expiryOf(until: number, children: Iterable<ChildHandle>): Expiry {
  const steps = [...children].flatMap(({ place }) => place ?? []);
  return { deadline: new Date(Date.now() - (monotonicMs() - until)), steps };
}
