import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Check, CheckName } from '@taskrunner/core/evidence';
import type { CheckTask } from './check-thread';

/** Bytes of a bundle from which on a second thread is faster, in spite of its start and of reading the bundle twice. */
export const TWO_THREADS_FROM = 16 * 1024 * 1024;

/**
 * What the second thread answers: close to half of the work. It has no policy engines and no bundle of another run, so checks that need them
 * stay in the first thread.
 */
export const SECOND_CHECKS: readonly CheckName[] = ['journal.chain', 'journal.replay', 'logs.digest'];

/** Whether a second thread is to help: as asked, else by the size of the bundle and the processors of this machine. */
function isSelected(asked: '1' | '2' | undefined, bundle: string): boolean {
  if (asked !== undefined) return asked === '2';
  const size = statSync(bundle, { throwIfNoEntry: false })?.size ?? 0;
  return size >= TWO_THREADS_FROM && availableParallelism() > 1;
}

/** What a second thread answered; or nothing, and why. */
export interface Answered {
  readonly checks: readonly Check[];
  readonly failure: string | null;
}

/** A thread that answers a part of the checks of one bundle. Its memory is its own: it gets a copy of the bundle's bytes. */
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
   * Starts it if it is wanted, and ends it after the body. It loads its program while the body reads the bundle.
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

  /** Gives it the bundle. Call it once. */
  begin(request: CheckTask['request']): void {
    const task: CheckTask = { names: SECOND_CHECKS, request };
    this.worker.postMessage(task);
  }

  /** Its answers, or why it has none; then the first thread answers all checks. Never rejects. */
  answers(): Promise<Answered> {
    return this.answered;
  }
}
