import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PlanningLimits } from '@taskrunner/core';
import { tookTooLong, tookTooMuch, unavailable } from './planning-limits';
import type { Question, Said, ThreadGround } from './thread-protocol';

/** Longest time that a thread may take to load its code, on a busy machine. Milliseconds. */
const START_MS = 30_000;
/** Planning makes many short-lived objects: with little room for them most of its time went into collecting. MiB. */
const YOUNG_MIB = 64;
const MIB = 1024 ** 2;

/** One thread, from its start to its end. It is asked one thing at a time. */
export class PlanningLife {
  private readonly worker: Worker;
  private settle: ((said: Said | Error) => void) | null = null;
  private readonly ready: Promise<Said | Error>;
  private gone = false;

  constructor(
    ground: ThreadGround,
    private readonly limits: PlanningLimits,
    onGone: () => void,
  ) {
    this.worker = new Worker(threadScript(), {
      workerData: ground,
      env: {},
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(1, Math.floor(limits.memory / MIB)),
        maxYoungGenerationSizeMb: YOUNG_MIB,
      },
    });
    this.ready = this.next(START_MS, unavailable('a planning thread does not start'));
    this.worker.on('message', (said: Said) => this.tell(said));
    this.worker.on('error', (error: Error & { code?: string }) => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.tell(isFull ? tookTooMuch(limits) : unavailable(`a planning thread failed: ${error.message}`));
    });
    this.worker.on('exit', () => {
      this.gone = true;
      this.tell(unavailable('a planning thread has ended'));
      onGone();
    });
    // A process that has nothing else to do ends; while work is under way its timer keeps it.
    this.worker.unref();
  }

  /** The answer. Rejects with `PlannerError`; a thread that is late, or broken, is ended first. */
  async ask(question: Question): Promise<unknown> {
    const started = await this.ready;
    if (started instanceof Error) throw await this.end(started);
    if (this.gone) throw unavailable('a planning thread has ended');
    this.worker.postMessage(question);
    const answer = await this.next(this.limits.time, tookTooLong(this.limits));
    if (answer instanceof Error) throw await this.end(answer);
    switch (answer.kind) {
      case 'answer':
        return answer.answer;
      case 'outgrown':
        throw tookTooMuch(this.limits);
      case 'failed':
        throw new Error(`planning failed: ${answer.message}`);
      case 'ready':
        throw new TypeError('a thread began twice');
    }
  }

  async end(reason?: Error): Promise<Error> {
    await this.worker.terminate();
    return reason ?? unavailable('planning ends');
  }

  private tell(said: Said | Error): void {
    this.settle?.(said);
  }

  private async next(withinMs: number, late: Error): Promise<Said | Error> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle?.(late), withinMs);
      this.settle = (said) => {
        clearTimeout(timer);
        this.settle = null;
        resolve(said);
      };
    });
  }
}

/** The compiled script beside this file; where this runs from source, as in tests, the one that the build has made. */
function threadScript(): string {
  const beside = join(__dirname, 'planning-thread.js');
  const built = beside.replace(`${sep}src${sep}`, `${sep}dist${sep}`);
  for (const path of [beside, built]) if (existsSync(path)) return path;
  throw unavailable(`there is no ${beside}: build first`);
}
