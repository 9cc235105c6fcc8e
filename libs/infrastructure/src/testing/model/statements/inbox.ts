import { ENDED, parsed, type Values } from '../columns';
import type { Session } from '../session';
import { runKey, type InboxRow } from '../rows';
import type { Execution, Pause } from '../transaction';

/** Maximum number of unread inbox messages of a run. */
export const UNREAD = 1_000;

/** `post-message.sql`. */
export function* postInboxMessage(session: Session, values: Values): Execution<unknown> {
  const { tx, tables, clock } = session;
  const [tenant_id, run_id, dedupe, given, cancels] = values as [string, string, string, string, boolean];
  const key = runKey(tenant_id, run_id);
  const run = yield* tx.lock(tables.runs, key);
  if (!run) return [];
  let position: number | null = null;
  if (!ENDED.includes(run.status) && run.inbox_seq - run.seen < UNREAD) {
    const next = run.inbox_seq + 1;
    const message: InboxRow = {
      ...{ tenant_id, run_id, position: next, dedupe, given },
      ...{ envelope: null, response: null, posted_ms: Math.floor(clock()) },
    };
    if (yield* insertInboxRow(session, message, 'nothing')) position = next;
  }
  if (position !== null) {
    const notStarted = cancels && run.last_seq === 0;
    tx.write(tables.runs, {
      ...run,
      inbox_seq: position,
      cancel_position: cancels && run.cancel_position === 0 ? position : run.cancel_position,
      due_at: run.owner === null ? soonest(run.due_at, tx.startedAt) : run.due_at,
      worker_labels: notStarted ? [] : run.worker_labels,
      unplaced: run.unplaced && !notStarted,
      version: run.version + 1,
    });
  }
  // From the snapshot, like the subselects.
  const before = tx.find(tables.dedupe, `${key}/${dedupe}`);
  const isOutside = before !== null && (before.position < 1 || before.position > run.inbox_seq);
  const misplaced = isOutside || (before !== null && cancels && run.cancel_position === 0);
  return [{ position, status: run.status, unread: run.inbox_seq - run.seen, known: before !== null, misplaced }];
}

/** `inbox-counted.sql`. */
export function* inboxCounted({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant_id, run_id] = values as [string, string];
  const key = runKey(tenant_id, run_id);
  yield null;
  const run = tx.find(tables.runs, key);
  if (!run) return [];
  const unread = Array.from({ length: Math.max(0, run.inbox_seq - run.seen) }, (_, i) => run.seen + 1 + i);
  return [{ misplaced: unread.some((position) => !tx.find(tables.inbox, `${key}/${position}`)) }];
}

/** Inserts an inbox message under both of its keys. */
export function* insertInboxRow(
  { tx, tables }: Session,
  message: InboxRow,
  conflict: 'fail' | 'nothing',
): Generator<Pause, boolean> {
  if (!(yield* tx.insert(tables.dedupe, message, conflict))) return false;
  return yield* tx.insert(tables.inbox, message);
}

/** `least(due_at, now())`, which ignores nulls. */
export function soonest(due: number | null, now: number): number {
  return due === null ? now : Math.min(due, now);
}

/** `read-inbox.sql`. */
export function* readInbox({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run, after] = values as [string, string, number];
  const messages = [...tx.scan(tables.inbox, runKey(tenant, run))].filter(({ position }) => position > after);
  messages.sort((a, b) => a.position - b.position);
  return messages.map(({ position, given, envelope, response, posted_ms }) => ({
    ...{ position, posted_ms },
    ...{ given: parsed(given), envelope: parsed(envelope), response: parsed(response) },
  }));
}

/** `inbox-positions.sql`. */
export function* inboxPositions({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [owner] = values as [string];
  return [...tx.scan(tables.runs)]
    .filter((run) => run.owner === owner && run.inbox_seq > run.seen)
    .map(({ tenant_id, run_id, inbox_seq }) => ({ tenant_id, run_id, inbox_seq }));
}
