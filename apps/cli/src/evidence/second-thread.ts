import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Check, CheckName } from '@taskrunner/core/evidence';
import type { CheckTask } from './check-thread';

/** Minimum bytes of a bundle for which a second thread is faster, in spite of its start and of parsing the bundle twice. */
export const TWO_THREADS_FROM = 16 * 1024 * 1024;

/**
 * The checks of the second thread, about half of the work. It has no policy engines and no bundle of another run, so checks that need these
 * stay in the first thread.
 */
export const SECOND_CHECKS: readonly CheckName[] = ['journal.chain', 'journal.replay', 'logs.digest'];

/** Whether to use a second thread: as requested, otherwise by the size of the bundle and the processors of this machine. */
function isSelected(asked: '1' | '2' | undefined, bundle: string): boolean {
  if (asked !== undefined) return asked === '2';
  const size = statSync(bundle, { throwIfNoEntry: false })?.size ?? 0;
  return size >= TWO_THREADS_FROM && availableParallelism() > 1;
}

/** The results of a second thread, or why there are none. */
export interface Answered {
  readonly checks: readonly Check[];
  readonly failure: string | null;
}

/** A thread that runs a part of the checks of one bundle. It does not share memory: it gets a copy of the bundle's bytes. */
export class SecondThread {
  private readonly answered: Promise<Answered>;

  private constructor(private readonly worker: Worker) {
    this.answered = new Promise((resolve) => {
      worker.once('message', (checks: readonly Check[]) => resolve({ checks, failure: null }));
      worker.once('error', ({ message }) => resolve({ checks: [], failure: message }));
      worker.once('exit', (code) => resolve({ checks: [], failure: `it ended with code ${code}` }));
    });
  }

  /**
   * Starts it if it is to be used, and ends it after the body. It loads its program while the body reads the bundle.
   *
   * @param entry file that the thread runs; undefined: this program has only one thread
   * @param asked value of `--threads`
   */
  static async beside<T>(
    {
      entry,
      asked,
      bundle,
    }: { readonly entry: string | URL | undefined; readonly asked: '1' | '2' | undefined; readonly bundle: string },
    body: (second: SecondThread | null) => Promise<T>,
  ): Promise<T> {
    if (entry === undefined || !isSelected(asked, bundle)) return body(null);
    const second = new SecondThread(new Worker(entry));
    try {
      return await body(second);
    } finally {
      await second.worker.terminate();
    }
  }

  /** Passes the bundle to it. Call it once. */
  begin(request: CheckTask['request']): void {
    const task: CheckTask = { names: SECOND_CHECKS, request };
    this.worker.postMessage(task);
  }

  /** Its results, or why there are none; the first thread then runs all checks. Never rejects. */
  answers(): Promise<Answered> {
    return this.answered;
  }
}
