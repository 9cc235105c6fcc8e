/** A row as of one commit; null: deleted or not yet inserted. */
export interface Version<Row> {
  readonly commit: number;
  readonly row: Row | null;
}

/** All versions of one key, and its lock. */
export class Cell<Row extends object> {
  /** The first one is the oldest that an open snapshot may need. */
  versions: readonly Version<Row>[] = [];
  /** The transaction that holds its lock. */
  holder: object | null = null;
  /** The uncommitted value of its holder; undefined: none. */
  written: Row | null | undefined = undefined;

  constructor(
    readonly table: Table<Row>,
    readonly key: string,
  ) {}

  /** The row in a snapshot. */
  seenAt(snapshot: number): Row | null {
    const { versions } = this;
    for (let i = versions.length - 1; i >= 0; i--) {
      const version = versions[i];
      if (version && version.commit <= snapshot) return version.row;
    }
    return null;
  }

  /** The row of the last commit. */
  get latest(): Row | null {
    return this.versions.at(-1)?.row ?? null;
  }
}

/** A table: rows by key and by run. */
export class Table<Row extends object> {
  private readonly cells = new Map<string, Cell<Row>>();
  private readonly groups = new Map<string, Map<string, Cell<Row>>>();

  constructor(
    readonly name: string,
    readonly keyOf: (row: Row) => string,
    private readonly groupOf: (row: Row) => string = () => '',
  ) {}

  cell(key: string): Cell<Row> | undefined {
    return this.cells.get(key);
  }

  /** The cell of a row to be written. */
  cellFor(row: Row): Cell<Row> {
    const key = this.keyOf(row);
    const known = this.cells.get(key);
    if (known) return known;
    const made = new Cell(this, key);
    this.cells.set(key, made);
    const group = this.groupOf(row);
    const members = this.groups.get(group) ?? new Map<string, Cell<Row>>();
    this.groups.set(group, members.set(key, made));
    return made;
  }

  all(): Iterable<Cell<Row>> {
    return this.cells.values();
  }

  of(group: string): Iterable<Cell<Row>> {
    return this.groups.get(group)?.values() ?? [];
  }

  /** Committed rows, for assertions. */
  rows(group?: string): Row[] {
    const rows: Row[] = [];
    for (const { latest } of group === undefined ? this.all() : this.of(group)) if (latest) rows.push(latest);
    return rows;
  }
}
