import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CodedError } from '@taskrunner/core/foundation';
import type { PlanningLimits } from '@taskrunner/core/ports';
import type { Question, Said } from './thread-protocol';
import { processorTime, timeLeft } from './thread-time';

/** Maximum time for loading the code of a thread on a busy machine, milliseconds. */
const START_MS = 30_000;
/**
 * Size of the young generation, MiB. Planning creates many short-lived objects. With less memory, most of the time was spent on garbage
 * collection.
 */
const YOUNG_MIB = 64;
const MIB = 1024 ** 2;

/**
 * Milliseconds after which the processor time of a task is read first. Most tasks have ended by then, and reading it for each took half as
 * much of the main thread as sending it.
 */
const firstLook = (limit: number): number => Math.max(1, Math.round(limit / 100));

/** Definition of a kind of thread, and its errors. */
export interface ThreadWork {
  /** Display name: `planning thread`. */
  readonly name: string;
  /** Path of the compiled script, which handles one request at a time (`answerQuestions`). */
  readonly script: string;
  /** Start data of each thread. */
  readonly context: unknown;
  readonly limits: PlanningLimits;
  /** True for a task that is usually done at once, so that several may be sent together. Absent: none is. */
  readonly isShort?: (question: Question) => boolean;
  /** Error for a task that exceeds `limits.time`. */
  readonly tookTooLong: () => CodedError<string>;
  /** Error for a task that did not get the processor time of `limits.time`, because the machine is busy. */
  readonly starved: () => CodedError<string>;
  /** Error for a task that exceeds `limits.memory`. */
  readonly tookTooMuch: () => CodedError<string>;
  /** Error for a full queue. */
  readonly busy: () => CodedError<string>;
  /** Error for an unavailable thread. */
  readonly unavailable: (detail: string) => CodedError<string>;
}

/** The lifecycle of one thread, which works on one task at a time. */
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
    const isLate = unavailable(`a ${work.name} does not start`);
    this.ready = this.next(START_MS, () => isLate);
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
    // An otherwise idle process may end. During a task, its timer keeps the process alive.
    this.worker.unref();
  }

  /**
   * Sends a task and returns the answer. Rejects with the errors of the task. A late or broken thread is terminated first. `transfer`:
   * buffers that are transferred instead of copied.
   */
  async ask(question: Question, transfer: readonly ArrayBuffer[]): Promise<unknown> {
    const started = await this.ready;
    if (started instanceof Error) throw await this.end(started);
    if (this.gone) throw this.work.unavailable(`a ${this.work.name} has ended`);
    const late = this.lateAfter(this.work.limits.time, started.kind === 'ready' ? started.thread : null);
    this.worker.postMessage(question, transfer);
    const answer = await this.next(firstLook(this.work.limits.time), late);
    if (answer instanceof Error) throw await this.end(answer);
    return answerOf(answer, this.work);
  }

  async end(reason?: Error): Promise<Error> {
    await this.worker.terminate();
    return reason ?? this.work.unavailable('the threads end');
  }

  private notify(said: Said | Error): void {
    this.settle?.(said);
  }

  /** The time limit of a task that begins now: the error if it has passed, or the time after which to look again. */
  private lateAfter(limit: number, thread: number | null): () => Error | number {
    const startedAt = performance.now();
    let before: number | null | undefined;
    return () => {
      const wall = Math.ceil(performance.now() - startedAt);
      const used = processorTime(thread);
      // The time used before the first look is unknown. The task counts as running until then.
      if (before === undefined) before = used === null ? null : used - Math.min(wall, firstLook(limit));
      const processor = used === null || before === null ? null : used - before;
      const left = timeLeft({ limit, wall, processor });
      if (left === 'spent') return this.work.tookTooLong();
      return left === 'starved' ? this.work.starved() : left;
    };
  }

  /** `late`: called after the time. Its error ends the wait; a number is the time after which it is called again. */
  private async next(withinMs: number, late: () => Error | number): Promise<Said | Error> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = late();
        if (typeof found === 'number') timer = setTimeout(look, found);
        else this.settle?.(found);
      };
      let timer = setTimeout(look, withinMs);
      this.settle = (said) => {
        clearTimeout(timer);
        this.settle = null;
        resolve(said);
      };
    });
  }
}

/** The answer in a message of a thread. Throws the error of the task otherwise. */
export function answerOf(said: Said, { name, tookTooMuch }: ThreadWork): unknown {
  switch (said.kind) {
    case 'answer':
      return said.answer;
    case 'outgrown':
      throw tookTooMuch();
    case 'failed':
      throw new Error(`a ${name} threw: ${said.message}`);
    case 'ready':
      throw new TypeError('a thread began twice');
    case 'left':
      throw new TypeError('a thread did not begin the only request that it had');
  }
}

/** Path of the script. If this file runs from source, as in tests, the built script is used. */
function built({ script, unavailable }: ThreadWork): string {
  const made = script.replace(`${sep}src${sep}`, `${sep}dist${sep}`);
  for (const path of [script, made]) if (existsSync(path)) return path;
  throw unavailable(`there is no ${script}: build first`);
}
