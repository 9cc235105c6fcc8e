import { statement } from '../../../lib/postgres/connection/statement';
import { arraysRead, unnested, type Values } from '../columns';
import { runKey, stepKey } from '../rows';
import type { ArtifactRow, AssignmentRow, GateRow, OutboxRow, PageRow, PlaceRow, RunRow, StepRecord } from '../rows';
import { SqlFailure } from '../sql-failure';
import type { Session } from '../session';
import type { Execution, Pause } from '../transaction';

/** A text that the model rejects as if it could not be encoded. It stands for all data errors. */
export const REFUSED_TEXT = 'refused by the database';

const RUN = [
  'tenant_id',
  'run_id',
  'fence',
  'prev_seq',
  'last_seq',
  'hash',
  'last_line',
  'seen',
  'status',
  'started_ms',
  'finished_ms',
  'waits',
  'counts',
  'outputs',
  'error',
  'progressed',
  'releases',
  'due_ms',
  'attests',
  'closes',
];
const STEP = [
  'i',
  'parent',
  'place',
  'step',
  'kind',
  'label',
  'status',
  'reason',
  'attempts',
  'next_attempt_ms',
  'started_ms',
  'finished_ms',
  'children',
  'outputs',
  'outputs_ref',
  'error',
];
const OPENED = ['i', 'gate', 'approval', 'state', 'gate_digest', 'request', 'show', 'required', 'expires_ms'];
const PLACE = ['i', 'last_line', 'lines', 'step', 'execution', 'chunk'];
const FILE = ['i', 'step', 'execution', 'name', 'path', 'digest', 'size', 'media_type'];
const ASSIGNMENT = ['i', 'name', 'step', 'first_index', 'last_index', 'left_over', 'body', 'mac'];
const FOLLOW = ['i', 'kind', 'body', 'stream', 'place', 'due_ms'];

interface OfRun {
  readonly tenant_id: string;
  readonly run_id: string;
}

interface Sent {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly fence: number;
  readonly prev_seq: number;
  readonly last_seq: number;
  readonly hash: Buffer;
  readonly last_line: number;
  readonly seen: number;
  readonly status: string;
  readonly started_ms: number | null;
  readonly finished_ms: number | null;
  readonly waits: string | null;
  readonly counts: string | null;
  readonly outputs: string | null;
  readonly error: string | null;
  readonly progressed: boolean;
  readonly releases: boolean;
  readonly due_ms: number | null;
  readonly attests: boolean;
  readonly closes: boolean;
  readonly is_snapshot: boolean;
  readonly message: string | null;
  readonly journaled: boolean;
}

/** `flush.sql`. */
export function* flush({ tx, tables, bugs, clock, number }: Session, given: Values): Execution<{ i: number }> {
  const values = arraysRead(statement('flush').text, given);
  const others = unnested(values, 85, ['is_snapshot', 'message', 'journaled']);
  const sent = unnested(values, 1, RUN).map((row, index) => ({ ...row, ...others[index] }) as unknown as Sent);
  const owned = new Map<number, Sent>();
  for (const [index, u] of sent.entries()) {
    const holds = (r: RunRow): boolean =>
      ((r.owner !== null && r.fence === u.fence) || bugs.has('zombies-commit')) &&
      (r.last_seq === u.prev_seq || bugs.has('positions-are-not-compared')) &&
      (!u.closes || r.inbox_seq === u.seen || bugs.has('parks-over-letters'));
    const r = yield* tx.lock(tables.runs, runKey(u.tenant_id, u.run_id), holds);
    if (r) {
      tx.write(tables.runs, changed(r, u, clock()));
      owned.set(index + 1, u);
    } else if (bugs.has('arms-do-not-join')) owned.set(index + 1, u);
  }
  /** Rows of an arm whose run the guard returned, without their number. One column may be added from a separate parameter. */
  const joined = <Row extends OfRun>(
    first: number,
    names: readonly string[],
    separately: readonly [number, string] | null = null,
    all = false,
  ): Row[] => {
    const more = separately ? unnested(values, separately[0], [separately[1]]) : [];
    return unnested(values, first, names).flatMap(({ i, ...row }, index) => {
      const run = owned.get(i as number) ?? (all ? sent[(i as number) - 1] : undefined);
      const { tenant_id, run_id } = run ?? {};
      return run ? [{ ...row, ...more[index], tenant_id, run_id } as unknown as Row] : [];
    });
  };

  if (unnested(values, 23, STEP).some(({ outputs }) => String(outputs).includes(REFUSED_TEXT)))
    throw new SqlFailure('22P05', 'a character has no equivalent');
  const settled = joined<AssignmentStep>(83, ['i', 'name']);
  const gone = yield* insertAssignments(
    { tx, tables, clock },
    joined(72, ASSIGNMENT),
    joined(80, ['i', 'name', 'step']),
    settled,
  );
  const pages = unnested(values, 21, ['mac', 'content']) as unknown as Pick<PageRow, 'mac' | 'content'>[];
  for (const [index, page] of pages.entries()) {
    const u = owned.get(index + 1);
    if (!u) continue;
    const { tenant_id, run_id, fence, hash } = u;
    yield* tx.insert(tables.journal, { tenant_id, run_id, first_seq: u.prev_seq + 1, fence, hash, ...page });
  }
  for (const row of joined<StepRecord>(23, STEP, [71, 'reused_from'])) {
    const known = tx.find(tables.steps, stepKey(runKey(row.tenant_id, row.run_id), row));
    if (!known) {
      yield* tx.insert(tables.steps, row);
      continue;
    }
    const t = yield* tx.lock(tables.steps, tables.steps.keyOf(known));
    if (t && !bugs.has('steps-keep-their-first-status'))
      tx.write(tables.steps, { ...row, kind: t.kind, label: t.label });
  }
  for (const { expires_ms, ...row } of joined<GateRow & { expires_ms: number }>(39, OPENED)) {
    const now = Math.floor(clock());
    const fresh = { approvals: 0, counted: [], expires_at: expires_ms, opened_ms: now };
    yield* tx.insert(tables.gates, { ...row, ...fresh, ended_ms: row.state === 'open' ? null : now });
  }
  for (const e of joined<OfRun & { gate: string; outcome: string }>(48, ['i', 'gate', 'outcome'])) {
    const key = `${runKey(e.tenant_id, e.run_id)}/${e.gate}`;
    const t = yield* tx.lock(tables.gates, key, ({ state }) => state === 'open');
    if (t) tx.write(tables.gates, { ...t, state: e.outcome, ended_ms: Math.floor(clock()) });
  }
  for (const row of joined<PlaceRow>(51, PLACE)) {
    const lines = bugs.has('chunks-lose-a-line') ? Math.max(1, row.lines - 1) : row.lines;
    yield* tx.insert(tables.places, { ...row, lines });
  }
  for (const row of joined<ArtifactRow>(57, FILE)) yield* tx.insert(tables.artifacts, { ...row, number: number() });
  for (const { due_ms, ...row } of joined<OutboxRow & { due_ms: number | null }>(
    65,
    FOLLOW,
    null,
    bugs.has('the-outbox-does-not-join'),
  ))
    yield* tx.insert(tables.outbox, { ...row, number: number(), due_at: due_ms ?? clock() });
  yield* forget({ tx, tables }, gone);
  return [...owned.keys()].map((i) => ({ i }));
}

/** A step of an assignment, or the whole assignment. */
interface AssignmentStep extends OfRun {
  readonly name: string;
  readonly step: string;
}

/** The arms `lent`, `revoked` and `settled`. Returns the settled assignments. */
function* insertAssignments(
  { tx, tables, clock }: Pick<Session, 'tx' | 'tables' | 'clock'>,
  dispatched: readonly AssignmentRow[],
  revoked: readonly AssignmentStep[],
  settled: readonly AssignmentStep[],
): Generator<Pause, readonly AssignmentStep[]> {
  for (const row of dispatched) {
    const fresh = { owner: null, fence: 0, offered_at: clock(), stops: [] };
    yield* tx.insert(tables.assignments, { ...row, ...fresh });
  }
  const stops = new Map<string, string[]>();
  for (const one of revoked) stops.set(keyOf(one), [...(stops.get(keyOf(one)) ?? []), one.step]);
  for (const [key, steps] of stops) {
    const a = yield* tx.lock(tables.assignments, key);
    if (a) tx.write(tables.assignments, { ...a, stops: [...a.stops, ...steps] });
  }
  const gone: AssignmentStep[] = [];
  for (const one of settled) {
    if (!(yield* tx.lock(tables.assignments, keyOf(one)))) continue;
    tx.remove(tables.assignments, keyOf(one));
    gone.push(one);
  }
  return gone;
}

/** The arm `forgotten`, after all others. Writers of these rows hold the lock of their assignment, which is locked before gates. */
function* forget(
  { tx, tables }: Pick<Session, 'tx' | 'tables'>,
  settled: readonly AssignmentStep[],
): Generator<Pause, void> {
  for (const one of settled)
    for (const execution of tx.scan(tables.executions, keyOf(one))) {
      const key = tables.executions.keyOf(execution);
      if (yield* tx.lock(tables.executions, key)) tx.remove(tables.executions, key);
    }
}

function keyOf({ tenant_id, run_id, name }: AssignmentStep): string {
  return `${runKey(tenant_id, run_id)}/${name}`;
}

function changed(r: RunRow, u: Sent, now: number): RunRow {
  const { last_seq, last_line, seen, status, started_ms, finished_ms, waits, counts, outputs, message, error } = u;
  return {
    ...r,
    ...{ last_seq, last_line, seen, status, started_ms, finished_ms, waits, counts, outputs, message, error },
    head: u.hash,
    journaled_steps: u.journaled,
    snapshot_seq: u.is_snapshot ? u.prev_seq + 1 : r.snapshot_seq,
    crashes: u.progressed ? 0 : r.crashes,
    owner: u.releases ? null : r.owner,
    due_at: u.releases ? u.due_ms : r.due_at,
    committed_at: now,
    evidence_status: u.attests ? 'pending' : r.evidence_status,
    version: r.version + 1,
  };
}
