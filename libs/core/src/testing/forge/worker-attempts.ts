import type { Attempt } from './attempt';
import type { Subject } from './corpus';
import { carriedAttempts } from './worker-carried';
import { documentAttempts } from './worker-documents';
import { journalAttempts, valueAttempts } from './worker-journal';

// What a worker can write: its journal and everything that follows from it, chained, derived and signed again.

/** Every change of every document that a worker writes or carries. */
export function* workerAttempts(subject: Subject, others: readonly Subject[]): Iterable<Attempt> {
  yield* journalAttempts(subject, others);
  yield* valueAttempts(subject);
  yield* documentAttempts(subject, others);
  yield* carriedAttempts(subject);
}
