// Real worker processes, each of which may die at any time and is replaced.
import { spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pause } from './waiting.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const WORKER = join(ROOT, 'apps/worker/dist/main.js');
/** Number of last log lines of a worker that are kept for the referee. They show why it ended. */
const SAID = 30;
const PRELOAD = join(import.meta.dirname, 'faults', 'preload.cjs');

/**
 * Maintains `size` workers. `envOf(number)`: environment variables of the worker with that number, which override the configuration.
 * `command`: another program in place of the worker, with its arguments.
 */
export class Workers {
  constructor({ configurationPath, folder, size, envOf = () => ({}), command = [WORKER] }) {
    Object.assign(this, { configurationPath, folder, size, envOf, command });
    this.count = 0;
    this.stopping = false;
    /** True: those that end are not replaced yet. */
    this.isHeld = false;
    this.running = new Set();
    /** All workers with their ends. */
    this.all = [];
  }

  get ready() {
    return [...this.running].filter(
      ({ readyAt, isStopped, asked }) => readyAt !== null && !isStopped && asked === null,
    );
  }

  fill() {
    while (!this.stopping && !this.isHeld && this.running.size < this.size) this.#start();
  }

  /** The log of a worker. */
  logOf({ name }) {
    return readFileSync(join(this.folder, 'logs', `${name}.log`), 'utf8');
  }

  /** Sends a signal and records that the end of the worker was caused here. */
  signal(worker, signal) {
    if (signal === 'SIGSTOP') worker.isStopped = true;
    if (signal === 'SIGCONT') worker.isStopped = false;
    if (signal === 'SIGKILL' || signal === 'SIGTERM') worker.asked = signal;
    if (signal === 'SIGKILL') worker.killedAt = Date.now();
    worker.child.kill(signal);
  }

  /** Sends SIGTERM like a rollout, with time to hand over. */
  async stop() {
    this.stopping = true;
    for (const worker of this.running) {
      this.signal(worker, 'SIGCONT');
      this.signal(worker, 'SIGTERM');
      worker.asked = 'end of the campaign';
    }
    const end = Date.now() + 40_000;
    while (this.running.size > 0 && Date.now() < end) await pause(100);
    for (const worker of this.running) this.signal(worker, 'SIGKILL');
    while (this.running.size > 0) await pause(50);
  }

  #start() {
    const number = ++this.count;
    const name = `chaos-${number}`;
    const env = this.envOf(number);
    const child = spawn(process.execPath, ['--require', PRELOAD, ...this.command], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: {
        PATH: process.env.PATH,
        TASKRUNNER_CONFIG: this.configurationPath,
        TASKRUNNER_PARENT_WATCH: '1',
        TASKRUNNER_WORKER_NAME: name,
        // Separate folders, because a worker empties its folder at its start.
        TASKRUNNER_SANDBOX_WORK_DIRECTORY: join(this.folder, 'work', name),
        ...env,
      },
    });
    const log = createWriteStream(join(this.folder, 'logs', `${name}.log`));
    const worker = { name, env, child, pid: child.pid, startedAt: Date.now(), readyAt: null, isStopped: false };
    Object.assign(worker, { asked: null, killedAt: null, end: null, said: [], facts: null });
    this.running.add(worker);
    this.all.push(worker);
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.write(`${line}\n`);
      worker.said.push(line);
      if (worker.said.length > SAID) worker.said.shift();
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{"ready"')) return;
      worker.readyAt = Date.now();
      worker.facts = JSON.parse(line);
    });
    child.once('exit', (code, signal) => {
      worker.end = { code, signal, at: Date.now() };
      if (signal === 'SIGKILL' && env.TASKRUNNER_FAULT !== undefined) {
        worker.asked = env.TASKRUNNER_FAULT;
        worker.killedAt = worker.end.at;
      }
      this.running.delete(worker);
      // A worker that cannot start would be restarted forever.
      setTimeout(() => this.fill(), worker.readyAt === null ? 1_000 : 0);
    });
  }
}
