import type { Client } from 'pg';
import { statement, type Statement } from '../connection/statement';

/** Retention periods, milliseconds. */
export interface Retention {
  /** Pages and log chunks as rows, from the day of a run's submission. Later they are read from the evidence. */
  readonly journal: number;
  /** Ended runs: their rows, artifacts and log. */
  readonly runs: number;
  /** Bundles and statements, from the seal; at least as long as `runs`. */
  readonly evidence: number;
  /** Events of the feeds of tenants. */
  readonly events: number;
  /** Overrides for tenants; null inherits the general value. */
  readonly tenants: readonly {
    readonly tenant: string;
    readonly runs: number | null;
    readonly evidence: number | null;
  }[];
}

/** Counts of deleted data. */
export interface Removed {
  readonly runs: number;
  readonly evidence: number;
}

const AT_ONCE = 500;
/**
 * PostgreSQL looks up runs in a list of pending seals only if it expects the list to fit in this; otherwise it reads the list for each run.
 * Twelve millions fit. The list takes some 70 bytes for each that exists or is expected.
 */
const WORK_MEM = '256MB';
const FIRST = '00000000-0000-0000-0000-000000000000';

/** Deletes data past retention, tenant by tenant and in batches. Needs the role `maintain`, which sees the rows of all tenants. */
export async function removeExpired(client: Client, retention: Retention, nowMs: number): Promise<Removed> {
  const { rows } = await client.query<{ tenant_id: string }>(statement('list-tenants').text);
  let [runs, evidence] = [0, 0];
  for (const { tenant_id: tenant } of rows) {
    const own = retention.tenants.find((one) => one.tenant === tenant);
    const runsBefore = nowMs - (own?.runs ?? retention.runs);
    const evidenceBefore = nowMs - (own?.evidence ?? retention.evidence);
    runs += await remove(client, tenant, statement('remove-runs'), (after) => [
      tenant,
      runsBefore,
      evidenceBefore,
      after,
      AT_ONCE,
    ]);
    evidence += await remove(client, tenant, statement('remove-evidence'), (after) => [
      tenant,
      evidenceBefore,
      after,
      AT_ONCE,
    ]);
  }
  return { runs, evidence };
}

async function remove(
  client: Client,
  tenant: string,
  query: Statement,
  valuesAfter: (run: string) => unknown[],
): Promise<number> {
  let total = 0;
  for (let after = FIRST; ;) {
    const { rows } = await removing(client, tenant, () =>
      client.query<{ removed: number; last: string | null }>({ ...query, values: valuesAfter(after) }),
    );
    const { removed = 0, last = null } = rows[0] ?? {};
    total += removed;
    if (last === null || removed < AT_ONCE) return total;
    after = last;
  }
}

/**
 * The transaction of a deletion. It locks the tenant's holds in a separate statement first, so that the snapshot of the deletion includes
 * every hold.
 */
export async function removing<Result>(client: Client, tenant: string, work: () => Promise<Result>): Promise<Result> {
  await client.query('begin');
  try {
    await client.query(`set local work_mem = '${WORK_MEM}'`);
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`retention ${tenant}`]);
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
