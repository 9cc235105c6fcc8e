import type { TenantId } from '@taskrunner/core/foundation';

interface Waiting<Row> {
  readonly tenant: TenantId;
  readonly run: string;
  readonly resolve: (row: Row | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads the rows of these runs of one tenant, in any order. A run that does not exist has none. */
type Read<Row> = (tenant: TenantId, runs: readonly string[]) => Promise<readonly Row[]>;

/** Number of runs in a statement. */
const MOST = 16;

/**
 * Reads the records of runs that are asked for in the same turn of the event loop with one statement: seals begin in groups. If a statement
 * fails, each of its runs is read again by itself. A row that cannot be read, or that ends the database's process, fails only its own seal.
 */
export class RecordGroups<Row extends { readonly run_id: string }> {
  private waiting: Waiting<Row>[] = [];

  constructor(
    private readonly read: Read<Row>,
    private readonly most = MOST,
  ) {}

  /** The row of one run, by its UUID. */
  ask(tenant: TenantId, run: string): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      if (this.waiting.length === 0) setImmediate(() => this.flush());
      this.waiting.push({ tenant, run, resolve, reject });
    });
  }

  private flush(): void {
    const groups = new Map<TenantId, Waiting<Row>[]>();
    for (const one of this.waiting.splice(0)) groups.set(one.tenant, [...(groups.get(one.tenant) ?? []), one]);
    for (const [tenant, members] of groups)
      while (members.length > 0) void this.answer(tenant, members.splice(0, this.most));
  }

  private async answer(tenant: TenantId, group: readonly Waiting<Row>[]): Promise<void> {
    try {
      const rows = await this.read(tenant, [...new Set(group.map(({ run }) => run))]);
      const byRun = new Map(rows.map((row) => [row.run_id, row]));
      for (const { run, resolve } of group) resolve(byRun.get(run));
    } catch (error) {
      if (group.length > 1) for (const one of group) void this.answer(tenant, [one]);
      else for (const { reject } of group) reject(error);
    }
  }
}
