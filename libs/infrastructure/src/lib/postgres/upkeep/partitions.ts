import { escapeIdentifier, type Client, type Pool } from 'pg';
import type { DatabaseHealth } from '../connection/database-health';
import { outageOf } from '../connection/database-outage';
import { statement } from '../connection/statement';

/** Number of days ahead for which partitions are created. */
export const PARTITION_DAYS = 14;
/** Minimum number of days ahead for readiness. */
const PARTITION_DAYS_NEEDED = 2;

const DAY_MS = 86_400_000;

/** Readiness of the database for work. */
export interface Readiness {
  readonly ready: boolean;
  /** Reason why the database is not ready; null if it is ready. */
  readonly reason: string | null;
}

/** A day past retention whose partitions are kept, with the number of its runs that are not archived. */
export interface KeptDay {
  readonly day: string;
  readonly runs: number;
}

/** Creates the partitions of the next days with the owner role. Returns their number. */
export async function makePartitions(owner: Client): Promise<number> {
  const { rows } = await owner.query<{ made: number }>('select pack_run_logs.make_partitions($1) as made', [
    PARTITION_DAYS,
  ]);
  return rows[0]?.made ?? 0;
}

interface PartitionRow {
  readonly name: string;
  /** Null if the partition was detached but not dropped. */
  readonly parent: string | null;
  /** True if a detach was started and not finished. */
  readonly pending: boolean;
  /** `YYYY-MM-DD` */
  readonly day: string;
}

const list = `
select c.relname as name, p.relname as parent, coalesce(i.inhdetachpending, false) as pending,
  to_date(right(c.relname, 8), 'YYYYMMDD')::text as day
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
where n.nspname = 'pack_run_logs' and c.relkind = 'r' and c.relname ~ '^(journal|chunks|places)_[0-9]{8}$'
-- Places first: what reads lines without them finds none, and asks the archive.
order by day, c.relname desc`;

/**
 * Drops the partitions of each day that ended more than `keepMs` ago, if all runs of that day are archived. Partitions are first detached
 * concurrently, without blocking readers and writers. The next call finishes an interrupted one. `beOwner` is called when rows of all
 * tenants are no longer needed.
 */
export async function dropPartitions(
  client: Client,
  keepMs: number,
  nowMs: number,
  beOwner: () => Promise<void>,
): Promise<{ readonly dropped: number; readonly kept: readonly KeptDay[] }> {
  const { rows } = await client.query<PartitionRow>(list);
  const isPast = ({ day }: PartitionRow): boolean => Date.parse(day) + DAY_MS <= nowMs - keepMs;
  const begun = rows.filter(({ parent, pending }) => parent === null || pending);
  const expired = rows.filter((row) => !begun.includes(row) && isPast(row));
  const counts = await client.query<KeptDay>({
    ...statement('unarchived-runs'),
    values: [[...new Set(expired.map(({ day }) => day))]],
  });
  const kept = counts.rows.filter(({ runs }) => runs > 0);
  const going = expired.filter(({ day }) => !kept.some((one) => one.day === day));
  await beOwner();
  for (const partition of [...begun, ...going]) await drop(client, partition);
  return { dropped: begun.length + going.length, kept };
}

async function drop(owner: Client, { name, parent, pending }: PartitionRow): Promise<void> {
  const table = `pack_run_logs.${escapeIdentifier(name)}`;
  if (parent !== null)
    await owner.query(
      `alter table pack_run_logs.${escapeIdentifier(parent)} detach partition ${table} ${pending ? 'finalize' : 'concurrently'}`,
    );
  await owner.query(`drop table ${table}`);
}

/** Not ready if the database does not respond, if it stores nothing, or if partitions end within two days. Never throws. */
export async function databaseReadiness(
  pool: Pick<Pool, 'query'>,
  health: Pick<DatabaseHealth, 'outage'>,
): Promise<Readiness> {
  try {
    const { rows } = await pool.query<{ missing: number }>('select pack_run_logs.missing_partitions($1) as missing', [
      PARTITION_DAYS_NEEDED,
    ]);
    if (health.outage !== null) return { ready: false, reason: health.outage.reason };
    if (rows[0]?.missing === 0) return { ready: true, reason: null };
    return {
      ready: false,
      reason: `partitions end in less than ${PARTITION_DAYS_NEEDED} days: run taskrunner maintain`,
    };
  } catch (error) {
    const { message } = error as Error;
    return { ready: false, reason: `${outageOf(error) ?? 'the database refuses a query'}: ${message}` };
  }
}
