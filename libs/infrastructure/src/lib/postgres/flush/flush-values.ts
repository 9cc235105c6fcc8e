import { runUuid } from '@taskrunner/core/foundation';
import type { Json } from '@taskrunner/core/foundation';
import type { GateOutcome } from '@taskrunner/core/gate';
import type { Commit, GateChange, OutboxEntry } from '@taskrunner/core/ports';
import { columnLiteral, type Cell } from '../encoding/array-literal';
import { digestBytes } from '../encoding/digest-bytes';
import { packedPage, type PageTexts } from '../encoding/packed-page';
import { ROOT_PARENT, storedOutputs } from '../encoding/run-rows';

type Row = readonly Cell[];

/**
 * The arms of `flush.sql` in the order of its parameters, with the columns of their rows. Rows of a numbered arm begin with the position of
 * their run in the flush. Other arms have one row per run, or per step (`reused`).
 */
const ARMS = {
  run: { columns: 20, numbered: false },
  page: { columns: 2, numbered: false },
  steps: { columns: 16, numbered: true },
  gatesOpened: { columns: 9, numbered: true },
  gatesEnded: { columns: 3, numbered: true },
  places: { columns: 6, numbered: true },
  artifacts: { columns: 8, numbered: true },
  outbox: { columns: 6, numbered: true },
  /** Results that each step reuses from another run, in the order of the steps. */
  reused: { columns: 1, numbered: false },
  lent: { columns: 8, numbered: true },
  revoked: { columns: 3, numbered: true },
  settled: { columns: 2, numbered: true },
  /** True if the page begins with a snapshot. */
  snapshot: { columns: 1, numbered: false },
  /** The message of a run that ends. */
  message: { columns: 1, numbered: false },
  /** True if the run has no rows of steps. */
  journaled: { columns: 1, numbered: false },
  /** Ids of the rows of the outbox, in their order; null: the database makes one. */
  items: { columns: 1, numbered: false },
};
type Rows = { readonly [Arm in keyof typeof ARMS]: readonly Row[] };
const ARM_NAMES = Object.keys(ARMS) as readonly (keyof Rows)[];

/** The rows of one commit by arm, without the run's position. */
export interface FlushPart {
  readonly rows: Rows;
  readonly texts: PageTexts;
  /** The stored form of the page. */
  readonly content: Buffer;
  /** Id of the item that asks for the run's evidence; null: the run goes on. */
  readonly itemId: string | null;
  /** True if the page is the first of its run. */
  readonly isFirst: boolean;
  /** Approximate size: bytes of the stored page and characters of all other values. It bounds a flush. */
  readonly size: number;
}

/** Converts a commit to rows. `newId` makes a UUID of version 7. Throws a `TypeError` for values that are not JSON. */
export function flushPart(commit: Commit, newId: () => string): FlushPart {
  const { page, run } = commit;
  const entries = commit.entriesText ?? text(page.entries);
  const held = Object.keys(page.values).length > 0 ? text(page.values) : null;
  const texts = { entries, held };
  const content = packedPage(texts);
  const steps = commit.steps.map((step) => [
    step.parent ?? ROOT_PARENT,
    step.place,
    step.step,
    step.kind,
    step.label,
    step.status,
    step.reason,
    step.attempts,
    step.nextAttemptAt,
    step.startedAt,
    step.finishedAt,
    step.children,
    ...storedOutputs(step).map(orNull),
    orNull(step.error),
  ]);
  const ends = commit.outbox.some(({ kind }) => kind === 'attest');
  const itemId = ends ? newId() : null;
  const rows = {
    run: [
      [
        commit.tenant,
        runUuid(commit.runId),
        commit.fence,
        commit.prevSeq,
        page.first + page.entries.length - 1,
        digestBytes(page.hash),
        run.lastLine,
        commit.seen,
        run.status,
        run.startedAt,
        run.finishedAt,
        orNull(run.waits),
        orNull(run.counts),
        orNull(run.outputs),
        orNull(run.error),
        run.progressed,
        commit.releases,
        commit.dueAt,
        ends,
        commit.closes,
      ],
    ],
    page: [[Buffer.from(commit.mac, 'hex'), content]],
    steps,
    ...gateRows(commit.gates),
    places: placeRows(commit),
    artifacts: commit.artifacts.map((file) => [
      file.step,
      file.execution,
      file.name,
      file.path,
      file.digest,
      file.size,
      file.mediaType,
    ]),
    outbox: commit.outbox.map(outboxRow),
    reused: commit.steps.map(({ reusedFrom }) => [orNull(reusedFrom)]),
    ...assignmentRows(commit.assignments),
    snapshot: [[commit.isSnapshot]],
    message: [[run.message && text(run.message)]],
    journaled: [[commit.areStepsJournaled]],
    items: commit.outbox.map(({ kind }) => [kind === 'attest' ? itemId : null]),
  };
  return { rows, texts, content, itemId, isFirst: commit.prevSeq === 0, size: sizeOf(rows) };
}

function assignmentRows(changes: Commit['assignments']): Pick<Rows, 'lent' | 'revoked' | 'settled'> {
  if (!changes) return { lent: [], revoked: [], settled: [] };
  return {
    lent: changes.dispatched.map((one) => [
      ...[one.name, one.step, one.first, one.last, one.items, one.body],
      Buffer.from(one.mac, 'hex'),
    ]),
    revoked: changes.revoked.flatMap(({ name, steps }) => steps.map((step) => [name, step])),
    settled: changes.settled.map((name) => [name]),
  };
}

function outboxRow(item: OutboxEntry): Row {
  if (item.kind === 'attest') return [item.kind, null, null, null, null];
  return [item.kind, text(item.body), item.stream, item.place, item.dueAt];
}

/** A gate that opens and ends in the same commit is written as one row, because a statement cannot update a row that it inserts. */
function gateRows(changes: readonly GateChange[]): Pick<Rows, 'gatesOpened' | 'gatesEnded'> {
  const outcomes = new Map<string, GateOutcome>();
  for (const change of changes) if (change.kind === 'ended') outcomes.set(change.gate, change.outcome);
  const gatesOpened: Row[] = [];
  for (const change of changes) {
    if (change.kind !== 'opened') continue;
    gatesOpened.push([
      change.gate,
      change.approval,
      outcomes.get(change.gate) ?? 'open',
      change.gateDigest,
      text(change.request),
      orNull(change.show),
      change.required,
      change.expiresAt,
    ]);
    outcomes.delete(change.gate);
  }
  return { gatesOpened, gatesEnded: [...outcomes] };
}

/** Chunks of a commit cover consecutive lines. Each ends where the next begins, the last at the run's last line. */
function placeRows({ chunks, run }: Commit): Row[] {
  const inOrder = [...chunks].sort((left, right) => left.firstLine - right.firstLine);
  return inOrder.map(({ step, execution, chunk, firstLine }, index) => {
    const lastLine = (inOrder[index + 1]?.firstLine ?? run.lastLine + 1) - 1;
    return [lastLine, lastLine - firstLine + 1, step, execution, chunk];
  });
}

/** The parameters of `flush.sql` for these parts: one array per column. Runs are numbered from 1 in the order of the parts. */
export function flushValues(parts: readonly FlushPart[]): string[] {
  const values: string[] = [];
  for (const arm of ARM_NAMES) {
    const { columns, numbered } = ARMS[arm];
    const rows = rowsOf(parts, arm, numbered);
    for (let column = 0; column < columns; column++)
      values.push(rows.length === 0 ? '{}' : columnLiteral(rows, column));
  }
  return values;
}

function rowsOf(parts: readonly FlushPart[], arm: keyof Rows, numbered: boolean): Row[] {
  const rows: Row[] = [];
  for (let index = 0; index < parts.length; index++)
    for (const row of parts[index]?.rows[arm] ?? []) rows.push(numbered ? [index + 1, ...row] : row);
  return rows;
}

function text(value: unknown): string {
  return JSON.stringify(value);
}

function orNull(value: Json): string | null {
  return value === null ? null : text(value);
}

function sizeOf(rows: Rows): number {
  let size = 0;
  for (const arm of ARM_NAMES)
    for (const row of rows[arm])
      for (const cell of row) size += typeof cell === 'string' || Buffer.isBuffer(cell) ? cell.length : 8;
  return size;
}
