import { parentPort } from 'node:worker_threads';
import type { Question, Said } from './thread-protocol';

/** What a thread has found. `transfer`: buffers of the answer that are handed over, not copied. */
export interface Found {
  readonly answer: unknown;
  readonly transfer?: readonly ArrayBuffer[];
}

/** Makes this thread one of `WorkThreads`: it answers questions, one at a time, by a pure function. */
export function answerQuestions(answerTo: (kind: string, asked: unknown) => Found): void {
  const port = parentPort;
  if (port === null) throw new TypeError('this script is for threads');
  const say = (said: Said, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(said, transfer);
  port.on('message', ({ kind, asked }: Question) => {
    try {
      const { answer, transfer } = answerTo(kind, asked);
      say({ kind: 'answer', answer }, transfer);
    } catch (error) {
      if (error instanceof RangeError) say({ kind: 'outgrown' });
      else say({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  say({ kind: 'ready' });
}
