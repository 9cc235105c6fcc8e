import type { LockOrder } from './lock-order';
import { SqlFailure } from './sql-failure';
import type { Cell, Table } from './table';

/** A point at which a statement may be interrupted. Null: at any time; a transaction: until it ends. */
export type Pause = Transaction | null;
/** A statement in execution. */
export type Execution<Row> = Generator<Pause, Row[]>;

/** A row that a transaction wrote, as of its commit. */
export interface Change {
  readonly table: Table<object>;
  readonly before: object | null;
  readonly after: object | null;
}

/** State that all transactions of one database share. */
export interface Commits {
  /** Number of the last commit. */
  last: number;
  readonly open: Set<Transaction>;
  readonly order: LockOrder;
  /** Violations of the lock order. */
  readonly disorders: string[];
}

/**
 * One autocommitted statement under READ COMMITTED. It reads from a snapshot taken at its start, and reads the latest version of each row
 * that it locks. A row whose condition no longer holds is skipped.
 */
export class Transaction {
  readonly snapshot: number;
  waitsFor: Transaction | null = null;
  over = false;
  private readonly held: Cell<object>[] = [];
  private readonly written: Cell<object>[] = [];
  /** The last locked key of each table. */
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

  /** Rows in the snapshot, of one run or of all. */
  *scan<Row extends object>(table: Table<Row>, group?: string): Iterable<Row> {
    for (const cell of group === undefined ? table.all() : table.of(group)) {
      const row = cell.seenAt(this.snapshot);
      if (row) yield row;
    }
  }

  /** Locks a row of the snapshot if the condition holds for its snapshot version and its latest version. Returns the latter, or null. */
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

  /** Locks the latest version of a row, whether the snapshot has it or not (ON CONFLICT DO UPDATE). */
  *lockLatest<Row extends object>(table: Table<Row>, key: string): Generator<Pause, Row | null> {
    const cell = table.cell(key);
    if (!cell) return null;
    yield* this.take(cell, 'wait');
    return cell.latest;
  }

  /** Writes a locked row. */
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

  /** Inserts a row. If its key is taken, returns false or throws 23505. Waits for a concurrent insert of the same key. */
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

  /** Makes all writes visible at once. */
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

  /** Ends a transaction that has written nothing. */
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

  /**
   * Rows of one table must be locked in the order of their keys, and tables in one order. A lock with SKIP LOCKED never waits, so it closes
   * no cycle.
   */
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

  /** Removes versions that no open snapshot can see. */
  private forget(cell: Cell<object>): void {
    let oldest = this.commits.last;
    for (const { snapshot } of this.commits.open) oldest = Math.min(oldest, snapshot);
    const { versions } = cell;
    let from = versions.length - 1;
    while (from > 0 && (versions[from]?.commit ?? 0) > oldest) from--;
    if (from > 0) cell.versions = versions.slice(from);
  }
}
