import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CodedError } from '@taskrunner/core/foundation';
import type { PlanningLimits } from '@taskrunner/core/ports';
import type { Question, Said } from './thread-protocol';

/** Longest time that a thread may take to load its code, on a busy machine. Milliseconds. */
const START_MS = 30_000;
/** Planning makes many short-lived objects: with little room for them most of its time went into collecting. MiB. */
const YOUNG_MIB = 64;
const MIB = 1024 ** 2;

/** What threads are made of, and how those who ask are told that there is no answer. */
export interface ThreadWork {
  /** What one of them is called: `planning thread`. */
  readonly name: string;
  /** Path of the compiled script: it answers questions one at a time (`answerQuestions`). */
  readonly script: string;
  /** What each thread is started with. */
  readonly context: unknown;
  readonly limits: PlanningLimits;
  /** One piece of work took longer than `limits.time`. */
  readonly tookTooLong: () => CodedError<string>;
  /** One piece of work needed more than `limits.memory`. */
  readonly tookTooMuch: () => CodedError<string>;
  /** Nothing more can wait. */
  readonly busy: () => CodedError<string>;
  /** There is no thread that could work. */
  readonly unavailable: (detail: string) => CodedError<string>;
}

/** One thread, from its start to its end. It is asked one thing at a time. */
export class ThreadLife {
  private readonly worker: Worker;
  private settle: ((said: Said | Error) => void) | null = null;
  private readonly ready: Promise<Said | Error>;
  private gone = false;

  constructor(
    private readonly work: ThreadWork,
    onGone: () => void,
  ) {
    const { limits, unavailable } = work;
    this.worker = new Worker(built(work), {
      workerData: work.context,
      env: {},
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(1, Math.floor(limits.memory / MIB)),
        maxYoungGenerationSizeMb: YOUNG_MIB,
      },
    });
    this.ready = this.next(START_MS, unavailable(`a ${work.name} does not start`));
    this.worker.on('message', (said: Said) => this.notify(said));
    this.worker.on('error', (error: Error & { code?: string }) => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.notify(isFull ? work.tookTooMuch() : unavailable(`a ${work.name} failed: ${error.message}`));
    });
    this.worker.on('exit', () => {
      this.gone = true;
      this.notify(unavailable(`a ${work.name} has ended`));
      onGone();
    });
    // A process that has nothing else to do ends; while work is under way its timer keeps it.
    this.worker.unref();
  }

  /** The answer. Rejects as the work says; a thread that is late, or broken, is ended first. `transfer`: buffers that are handed over, not copied. */
  async ask(question: Question, transfer: readonly ArrayBuffer[]): Promise<unknown> {
    const started = await this.ready;
    if (started instanceof Error) throw await this.end(started);
    if (this.gone) throw this.work.unavailable(`a ${this.work.name} has ended`);
    this.worker.postMessage(question, transfer);
    const answer = await this.next(this.work.limits.time, this.work.tookTooLong());
    if (answer instanceof Error) throw await this.end(answer);
    switch (answer.kind) {
      case 'answer':
        return answer.answer;
      case 'outgrown':
        throw this.work.tookTooMuch();
      case 'failed':
        throw new Error(`a ${this.work.name} threw: ${answer.message}`);
      case 'ready':
        throw new TypeError('a thread began twice');
    }
  }

  async end(reason?: Error): Promise<Error> {
    await this.worker.terminate();
    return reason ?? this.work.unavailable('the threads end');
  }

  private notify(said: Said | Error): void {
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

/** The script; where this runs from source, as in tests, the one that the build has made. */
function built({ script, unavailable }: ThreadWork): string {
  const made = script.replace(`${sep}src${sep}`, `${sep}dist${sep}`);
  for (const path of [script, made]) if (existsSync(path)) return path;
  throw unavailable(`there is no ${script}: build first`);
}
