import { ENDED, unnested, type Values } from '../columns';
import { runKey, type AssignmentRow, type ExecutionRow, type InboxRow, type RunRow } from '../rows';
import type { Session } from '../session';
import { SqlFailure } from '../sql-failure';
import type { Execution, Pause } from '../transaction';
import { claimedRow } from './claimed-row';
import { REFUSED_TEXT } from './flush';
import { insertInboxRow, soonest, UNREAD } from './inbox';

/** An assignment and its claimed holder: tenant, run, name, fence, owner. */
type Held = readonly [string, string, string, number, string];

const FREED_AT_ONCE = 500;

/** `claim-assignment.sql`. The run is read from the snapshot; its row is not locked. */
export function* claimAssignment({ tx, tables, clock, bugs }: Session, values: Values): Execution<unknown> {
  const [id, lastServed] = values as [string, string];
  const me = tx.find(tables.workers, id);
  if (!me || me.state !== 'live' || me.lease_until <= clock()) return [];
  const isolations = me.isolation.split(' ');
  const isHere = (r: RunRow | null): boolean =>
    r !== null &&
    !ENDED.includes(r.status) &&
    isolations.includes(r.isolation) &&
    me.environments.includes(r.environment_digest) &&
    r.worker_labels.every((label) => me.labels.includes(label));
  const isDispatched = ({ owner, left_over }: AssignmentRow): boolean => owner === null && left_over > 0;
  const isLater = ({ tenant_id }: AssignmentRow): number => (tenant_id <= lastServed ? 1 : 0);
  const dispatched = [...tx.scan(tables.assignments)]
    .filter((a) => isDispatched(a) && isHere(tx.find(tables.runs, runKey(a.tenant_id, a.run_id))))
    .sort((a, b) => isLater(a) - isLater(b) || compare(a.tenant_id, b.tenant_id) || a.offered_at - b.offered_at);
  for (const { tenant_id, run_id, name } of dispatched) {
    const key = runKey(tenant_id, run_id);
    const a = yield* tx.lock(tables.assignments, `${key}/${name}`, isDispatched, 'skip');
    if (!a) continue;
    const fence = a.fence + (bugs.has('assignments-keep-their-fence') ? 0 : 1);
    tx.write(tables.assignments, { ...a, owner: id, fence });
    const begun = [...tx.scan(tables.executions, `${key}/${name}`)].map(({ step, execution, answered }) => ({
      ...{ step, execution, answered },
    }));
    const { body, mac, stops } = a;
    return [{ tenant_id, run_id, name, fence, body, mac, stops, begun }];
  }
  return [];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** `assigned-run.sql`. */
export function* assignedRun({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [tenant, run] = values as [string, string];
  const r = tx.find(tables.runs, runKey(tenant, run));
  if (!r) return [];
  const { snapshot_seq: _, ...row } = claimedRow({ tx, tables }, r);
  return [{ ...row, last_seq: Math.max(1, r.last_seq), mac: null, waited_ms: 0 }];
}

/** `begin-executions.sql`. */
export function* beginExecutions(session: Session, values: Values): Execution<{ step: string }> {
  const { tx, tables, bugs } = session;
  const a = yield* lockHeld(session, values as unknown as Held);
  if (!a) return [];
  const { tenant_id, run_id, name, fence } = a;
  const begun: { step: string }[] = [];
  for (const { step, execution } of unnested(values, 6, ['step', 'execution']) as Pick<
    ExecutionRow,
    'step' | 'execution'
  >[]) {
    if (a.stops.includes(step) && !bugs.has('executions-begin-after-revocation')) continue;
    const row: ExecutionRow = { tenant_id, run_id, name, step, execution, fence, answered: false };
    if (!(yield* tx.insert(tables.executions, row, 'nothing'))) {
      const e = yield* tx.lockLatest(tables.executions, tables.executions.keyOf(row));
      if (!e || e.fence !== fence || e.answered) continue;
      tx.write(tables.executions, e);
    }
    begun.push({ step });
  }
  return begun;
}

/** Locks an assignment if the given holder holds it. */
function* lockHeld(
  { tx, tables }: Session,
  [tenant, run, name, fence, owner]: Held,
  isAnyHolder = false,
): Generator<Pause, AssignmentRow | null> {
  const isHeld = (a: AssignmentRow): boolean => isAnyHolder || (a.fence === fence && a.owner === owner);
  return yield* tx.lock(tables.assignments, `${runKey(tenant, run)}/${name}`, isHeld);
}

/** `post-report.sql`. */
export function* postReport(session: Session, values: Values): Execution<unknown> {
  const { tx, tables, clock, bugs } = session;
  const [tenant_id, run_id] = values as unknown as Held;
  const [dedupe, given] = values.slice(5) as [string, string];
  if (given.includes(REFUSED_TEXT)) throw new SqlFailure('22P05', 'a character has no equivalent');
  const key = runKey(tenant_id, run_id);
  const run = yield* tx.lock(tables.runs, key);
  if (!run) return [];
  const a = yield* lockHeld(session, values as unknown as Held, bugs.has('lent-reports-without-fence'));
  const unread = run.inbox_seq - run.seen;
  let position: number | null = null;
  if (a && !ENDED.includes(run.status) && unread < UNREAD) {
    const message: InboxRow = {
      ...{ tenant_id, run_id, position: run.inbox_seq + 1, dedupe, given },
      ...{ envelope: null, response: null, posted_ms: Math.floor(clock()) },
    };
    if (yield* insertInboxRow(session, message, 'nothing')) position = message.position;
  }
  if (a && position !== null) {
    tx.write(tables.runs, {
      ...run,
      inbox_seq: position,
      due_at: run.owner === null ? soonest(run.due_at, tx.startedAt) : run.due_at,
      version: run.version + 1,
    });
    yield* answer(session, a, values);
  }
  const known = tx.find(tables.dedupe, `${key}/${dedupe}`)?.position ?? null;
  return [{ position: position ?? known, status: run.status, unread, held: a !== null }];
}

/** Applies the answers of a report: inserts or updates the rows of its executions, and decrements the count of remaining ones. */
function* answer({ tx, tables }: Session, a: AssignmentRow, values: Values): Generator<Pause, void> {
  const refused = values[9] as boolean;
  const ends = unnested(values, 8, ['step', 'execution']) as Pick<ExecutionRow, 'step' | 'execution'>[];
  const { tenant_id, run_id, name, fence } = a;
  for (const { step, execution } of ends) {
    const row: ExecutionRow = { tenant_id, run_id, name, step, execution, fence, answered: true };
    if (yield* tx.insert(tables.executions, row, 'nothing')) continue;
    const e = yield* tx.lockLatest(tables.executions, tables.executions.keyOf(row));
    if (e) tx.write(tables.executions, { ...e, answered: true });
  }
  tx.write(tables.assignments, { ...a, left_over: refused ? 0 : a.left_over - ends.length });
}

/** `assignment-statuses.sql`. */
export function* assignmentStatuses({ tx, tables }: Session, values: Values): Execution<unknown> {
  const [id] = values as [string];
  const held = [...tx.scan(tables.assignments)].filter(({ owner }) => owner === id);
  return held.flatMap(({ tenant_id, run_id, name, fence, stops }) => {
    const r = tx.find(tables.runs, runKey(tenant_id, run_id));
    return r ? [{ tenant_id, run_id, name, fence, stops, seen: r.seen, over: ENDED.includes(r.status) }] : [];
  });
}

/** `release-assignment.sql`. */
export function* releaseAssignment(session: Session, values: Values): Execution<unknown> {
  const a = yield* lockHeld(session, values as unknown as Held);
  if (a) session.tx.write(session.tables.assignments, { ...a, owner: null });
  return [];
}

/** `other-workers.sql`. */
export function* otherWorkers({ tx, tables, clock }: Session, values: Values): Execution<unknown> {
  const [id] = values as [string];
  const now = clock();
  const others = [...tx.scan(tables.workers)].filter(
    ({ worker_id, state, lease_until }) => worker_id !== id && state === 'live' && lease_until > now,
  );
  return [{ others: others.length }];
}

/** `free-assignments.sql`. */
export function* freeAssignments({ tx, tables, bugs }: Session): Execution<unknown> {
  yield null;
  let freed = 0;
  for (const one of bugs.has('swept-assignments-are-not-freed') ? [] : tx.scan(tables.assignments)) {
    if (freed === FREED_AT_ONCE || one.owner === null) continue;
    if (tx.find(tables.workers, one.owner)?.state !== 'dead') continue;
    const isOrphan = ({ owner }: AssignmentRow): boolean => owner === one.owner;
    const a = yield* tx.lock(tables.assignments, tables.assignments.keyOf(one), isOrphan, 'skip');
    if (!a) continue;
    tx.write(tables.assignments, { ...a, owner: null });
    freed++;
  }
  return [{ freed }];
}

/** The part of `retire-worker.sql` that releases the worker's assignments. */
export function* giveBackAll({ tx, tables }: Session, id: string): Generator<Pause, void> {
  const isMine = ({ owner }: AssignmentRow): boolean => owner === id;
  for (const one of tx.scan(tables.assignments)) {
    const a = yield* tx.lock(tables.assignments, tables.assignments.keyOf(one), isMine);
    if (a) tx.write(tables.assignments, { ...a, owner: null });
  }
}
