import type { LockOrder } from './lock-order';
import { SqlFailure } from './sql-failure';
import type { Cell, Table } from './table';

/** Where a statement may stand still: null, anywhere; a transaction, until that one is over. */
export type Pause = Transaction | null;
/** A statement while it is executed. */
export type Execution<Row> = Generator<Pause, Row[]>;

/** What a transaction wrote, as it is when it commits. */
export interface Change {
  readonly table: Table<object>;
  readonly before: object | null;
  readonly after: object | null;
}

/** What all transactions of one database share. */
export interface Commits {
  /** Number of the last commit. */
  last: number;
  readonly open: Set<Transaction>;
  readonly order: LockOrder;
  /** Told of locks that may wait for each other. */
  readonly disorders: string[];
}

/**
 * One autocommitted statement under READ COMMITTED: it reads from a snapshot taken at its start, and what it locks it looks at
 * again as it is by then. A condition that no longer holds leaves the row alone.
 */
export class Transaction {
  readonly snapshot: number;
  waitsFor: Transaction | null = null;
  over = false;
  private readonly held: Cell<object>[] = [];
  private readonly written: Cell<object>[] = [];
  /** Of each table, the key that was locked last. */
  private readonly lastLocked = new Map<string, string>();

  constructor(
    private readonly commits: Commits,
    readonly name: string,
    /** `now()`: milliseconds. */
    readonly startedAt: number,
  ) {
    this.snapshot = commits.last;
    commits.open.add(this);
  }

  /** The row in the snapshot. */
  find<Row extends object>(table: Table<Row>, key: string): Row | null {
    return table.cell(key)?.seenAt(this.snapshot) ?? null;
  }

  /** Rows in the snapshot, of one run or all. */
  *scan<Row extends object>(table: Table<Row>, group?: string): Iterable<Row> {
    for (const cell of group === undefined ? table.all() : table.of(group)) {
      const row = cell.seenAt(this.snapshot);
      if (row) yield row;
    }
  }

  /** Locks a row that the snapshot has, if the condition holds in it and in what the row is by then: that, or null. */
  *lock<Row extends object>(
    table: Table<Row>,
    key: string,
    holds: (row: Row) => boolean = () => true,
    locked: 'wait' | 'skip' = 'wait',
  ): Generator<Pause, Row | null> {
    const cell = table.cell(key);
    const seen = cell?.seenAt(this.snapshot);
    if (!cell || !seen || !holds(seen)) return null;
    if (!(yield* this.take(cell, locked))) return null;
    const { latest } = cell;
    return latest !== null && (latest === seen || holds(latest)) ? latest : null;
  }

  /** Locks a row as it is by then, whether the snapshot has it or not (ON CONFLICT DO UPDATE). */
  *lockLatest<Row extends object>(table: Table<Row>, key: string): Generator<Pause, Row | null> {
    const cell = table.cell(key);
    if (!cell) return null;
    yield* this.take(cell, 'wait');
    return cell.latest;
  }

  /** Writes a row that is locked. */
  write<Row extends object>(table: Table<Row>, row: Row): void {
    const cell = table.cellFor(row);
    if (cell.holder !== this) throw new TypeError(`${table.name}: written without a lock`);
    this.put(cell, row);
  }

  remove<Row extends object>(table: Table<Row>, key: string): void {
    const cell = table.cell(key);
    if (!cell || cell.holder !== this) throw new TypeError(`${table.name}: removed without a lock`);
    this.put(cell, null);
  }

  /** Inserts a row; false, or 23505, if its key is taken by then. Who else inserts it is waited for. */
  *insert<Row extends object>(
    table: Table<Row>,
    row: Row,
    conflict: 'fail' | 'nothing' = 'fail',
  ): Generator<Pause, boolean> {
    const cell = table.cellFor(row);
    if (cell.holder === this && cell.written) return this.taken(table, conflict);
    yield* this.take(cell, 'wait');
    if (cell.latest !== null) return this.taken(table, conflict);
    this.put(cell, row);
    return true;
  }

  /** All that was written is there at once. */
  commit(): readonly Change[] {
    const changes: Change[] = [];
    const number = ++this.commits.last;
    for (const cell of this.written) {
      const after = cell.written ?? null;
      changes.push({ table: cell.table, before: cell.latest, after });
      cell.versions = [...cell.versions, { commit: number, row: after }];
    }
    const written = [...this.written];
    this.end();
    for (const cell of written) this.forget(cell);
    return changes;
  }

  /** Nothing was written. */
  abort(): void {
    this.end();
  }

  private taken(table: { readonly name: string }, conflict: 'fail' | 'nothing'): boolean {
    if (conflict === 'nothing') return false;
    throw new SqlFailure('23505', `duplicate key value violates unique constraint of ${table.name}`);
  }

  private put<Row extends object>(cell: Cell<Row>, row: Row | null): void {
    const one = cell as unknown as Cell<object>;
    if (one.written === undefined) this.written.push(one);
    one.written = row;
  }

  private *take<Row extends object>(cell: Cell<Row>, locked: 'wait' | 'skip'): Generator<Pause, boolean> {
    if (cell.holder === this) return true;
    if (locked === 'wait') {
      this.checkOrder(cell);
      yield null;
    }
    while (cell.holder) {
      if (locked === 'skip') return false;
      const holder = cell.holder as Transaction;
      this.wait(holder);
      yield holder;
      this.waitsFor = null;
    }
    cell.holder = this;
    this.held.push(cell as unknown as Cell<object>);
    return true;
  }

  /** Rows of one table by their keys, tables in one order. Who does not wait (SKIP LOCKED) closes no cycle. */
  private checkOrder({ table, key }: { readonly table: { readonly name: string }; readonly key: string }): void {
    const { name } = table;
    const { order, disorders } = this.commits;
    const before = this.lastLocked.get(name);
    if (before !== undefined && before > key && name === 'runs') disorders.push(`${this.name} locks runs out of order`);
    if (before === undefined)
      for (const held of this.lastLocked.keys())
        if (order.note(held, name)) disorders.push(`${this.name} locks ${name} while it holds ${held}`);
    this.lastLocked.set(name, key);
  }

  private wait(holder: Transaction): void {
    this.waitsFor = holder;
    for (let other: Transaction | null = holder; other; other = other.waitsFor)
      if (other.waitsFor === this) {
        this.commits.disorders.push(`${this.name} and ${other.name} wait for each other`);
        throw new SqlFailure('40P01', 'deadlock detected');
      }
  }

  private end(): void {
    this.over = true;
    this.waitsFor = null;
    this.commits.open.delete(this);
    for (const cell of this.held) {
      cell.holder = null;
      cell.written = undefined;
    }
  }

  /** Versions that no open snapshot can see go. */
  private forget(cell: Cell<object>): void {
    let oldest = this.commits.last;
    for (const { snapshot } of this.commits.open) oldest = Math.min(oldest, snapshot);
    const { versions } = cell;
    let from = versions.length - 1;
    while (from > 0 && (versions[from]?.commit ?? 0) > oldest) from--;
    if (from > 0) cell.versions = versions.slice(from);
  }
}
