import { ENDED, parsed, type Values } from '../columns';
import type { Session } from '../session';
import { runKey, type LetterRow } from '../rows';
import type { Execution, Pause } from '../transaction';

/** Unread letters of a run at most. */
export const UNREAD = 1_000;

/** `post-letter.sql`. */
export function* postLetter(session: Session, values: Values): Execution<unknown> {
  const { tx, tables, clock } = session;
  const [tenant_id, run_id, dedupe, given, cancels] = values as [string, string, string, string, boolean];
  const key = runKey(tenant_id, run_id);
  const run = yield* tx.lock(tables.runs, key);
  if (!run) return [];
  let position: number | null = null;
  if (!ENDED.includes(run.status) && run.inbox_seq - run.seen < UNREAD) {
    const next = run.inbox_seq + 1;
    const letter: LetterRow = {
      ...{ tenant_id, run_id, position: next, dedupe, given },
      ...{ envelope: null, response: null, posted_ms: Math.floor(clock()) },
    };
    if (yield* insertLetter(session, letter, 'nothing')) position = next;
  }
  if (position !== null) {
    const unbegun = cancels && run.last_seq === 0;
    tx.write(tables.runs, {
      ...run,
      inbox_seq: position,
      cancel_position: cancels && run.cancel_position === 0 ? position : run.cancel_position,
      due_at: run.owner === null ? soonest(run.due_at, tx.startedAt) : run.due_at,
      worker_labels: unbegun ? [] : run.worker_labels,
      unplaced: run.unplaced && !unbegun,
      version: run.version + 1,
    });
  }
  const known = tx.find(tables.dedupe, `${key}/${dedupe}`) !== null;
  return [{ position, status: run.status, unread: run.inbox_seq - run.seen, known }];
}

/** Both keys of a letter. */
export function* insertLetter(
  { tx, tables }: Session,
  letter: LetterRow,
  conflict: 'fail' | 'nothing',
): Generator<Pause, boolean> {
  if (!(yield* tx.insert(tables.dedupe, letter, conflict))) return false;
  return yield* tx.insert(tables.inbox, letter);
}

/** `least(due_at, now())`: nulls count for nothing. */
export function soonest(due: number | null, now: number): number {
  return due === null ? now : Math.min(due, now);
}

/** `read-letters.sql`. */
export function* readLetters({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run, after] = values as [string, string, number];
  const letters = [...tx.scan(tables.inbox, runKey(tenant, run))].filter(({ position }) => position > after);
  letters.sort((a, b) => a.position - b.position);
  return letters.map(({ position, given, envelope, response, posted_ms }) => ({
    ...{ position, posted_ms },
    ...{ given: parsed(given), envelope: parsed(envelope), response: parsed(response) },
  }));
}

/** `mail.sql`. */
export function* mail({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [owner] = values as [string];
  return [...tx.scan(tables.runs)]
    .filter((run) => run.owner === owner && run.inbox_seq > run.seen)
    .map(({ tenant_id, run_id, inbox_seq }) => ({ tenant_id, run_id, inbox_seq }));
}
