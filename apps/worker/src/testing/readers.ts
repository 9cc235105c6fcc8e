import { toRunId, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { LogStore } from '@taskrunner/core/ports';
import { DirectQueries, PostgresLogStore, type ModelDatabase } from '@taskrunner/infrastructure/testing';
import type { Random } from '@taskrunner/core/testing';
import type { Server } from './server';
import type { Process, VirtualTime } from './virtual-time';

const EVERY_MS = 2_000;
const CHUNKS = 4;

/** Readers of logs: some follow a run while it is driven, others begin after its end at any line. */
export class Readers implements Process {
  readonly name = 'reader';
  alive = true;
  frozenUntil = 0;
  readonly skew = { monotonic: 0, wall: 0 };
  private readonly store: LogStore;
  private readonly live = new Map<RunId, { readonly tenant: TenantId; readonly lines: string[] }>();

  constructor(
    private readonly time: VirtualTime,
    private readonly random: Random,
    server: Server,
    private readonly wrong: (what: string) => void,
  ) {
    this.store = new PostgresLogStore(new DirectQueries(server.poolOf(this)));
  }

  follow(tenant: TenantId, run: RunId): void {
    if (this.live.has(run)) return;
    const lines: string[] = [];
    this.live.set(run, { tenant, lines });
    const goOn = (): void =>
      void readOn(this.store, tenant, run, lines, 0)
        .catch(() => undefined)
        .then(() => void this.time.after(EVERY_MS, goOn, this));
    this.time.after(EVERY_MS, goOn, this);
  }

  /** What followers saw is a prefix of the log; later readers see the rest of the same log. */
  async compare(database: ModelDatabase): Promise<void> {
    const query = async ({ name, values }: { name: string; values: unknown[] }): Promise<object> => ({
      rows: database.execute(name, values),
    });
    const store = new PostgresLogStore(new DirectQueries({ query } as never));
    for (const [run, { tenant, lines }] of this.live) {
      const whole: string[] = [];
      while (await readOn(store, tenant, run, whole, 0));
      const row = database.tables.runs.rows(tenant).find(({ run_id }) => toRunId(run_id) === run);
      if (row?.last_line !== whole.length)
        this.wrong(`${run}: ${whole.length} lines are read, it has ${row?.last_line ?? 'no'} of them`);
      if (lines.some((line, i) => line !== whole[i])) this.wrong(`${run}: who followed it saw other lines`);
      const from = this.random.int(0, whole.length);
      const resumed: string[] = [];
      while (await readOn(store, tenant, run, resumed, from));
      if (resumed.join('\n') !== whole.slice(from).join('\n'))
        this.wrong(`${run}: from line ${from} on others are read`);
    }
  }
}

/** Reads some chunks after the known lines, which begin at `from + 1`; false if there were none. */
async function readOn(store: LogStore, tenant: TenantId, run: RunId, lines: string[], from: number): Promise<boolean> {
  const chunks = await store.read(tenant, run, from + lines.length, CHUNKS);
  for (const { firstLine, data } of chunks) {
    const texts = new TextDecoder().decode(data).split('\n').slice(0, -1);
    lines.push(...texts.slice(Math.max(0, from + lines.length - firstLine + 1)));
  }
  return chunks.length > 0;
}
