import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { isLockTimeout } from '../connection/sql-state';
import { statement } from '../connection/statement';

/** Counts of plans that no run uses. */
export interface RemovedPlans {
  readonly plans: number;
  /** Found, but kept until the next time, because transactions of submissions did not end in time. */
  readonly plansLeft: number;
}

/** Number of plans that are looked up together. */
const FOUND_AT_ONCE = 20_000;
/** Maximum number and stored bytes of plans that are removed in one transaction, during which submissions wait. */
const [REMOVED_AT_ONCE, BYTES_AT_ONCE] = [2_000, 8 * 1024 ** 2];
/**
 * Milliseconds, and number of tries. Submissions wait behind the request for this lock. A long request can meet a cycle: a submission with a
 * concurrency group has the counter of the audit chain and waits behind the request, and another one has the table and waits for the counter.
 */
const [LOCK_MS, PAUSE_MS, TRIES] = [100, 100, 50];
/** Time after which the server ends a transaction whose client does nothing, so that no stopped process holds the lock. */
const IDLE_MS = 2_000;
/** Maximum time of the deletion of a batch, milliseconds. */
const DELETE_MS = 20_000;
/** Maximum age of the id of a run when the run is stored, milliseconds. */
const STORED_WITHIN_MS = 600_000;

interface UnusedPlan {
  readonly tenant_id: string;
  readonly plan_hash: string;
  readonly bytes: number;
  /** The least id of a run that may have been stored after the lookup. */
  readonly floor: string;
}

/**
 * Deletes plans that no run uses any more. Inputs are part of a plan, so there may be as many plans as runs.
 *
 * Plans are looked up without a lock. While a batch is deleted, submissions wait, and plans of runs that were stored after the lookup are
 * kept. The next run of a deleted plan stores it again. Needs the role `maintain`, which sees the rows of all tenants.
 */
export async function removePlans(client: Client): Promise<RemovedPlans> {
  const find = statement('unused-plans').text;
  for (let plans = 0; ;) {
    const { rows: found } = await client.query<UnusedPlan>(find, [FOUND_AT_ONCE, STORED_WITHIN_MS]);
    const before = plans;
    for (const { tenant, hashes } of batchesOf(found)) {
      const removed = await removeBatch(client, [tenant, hashes, found[0]?.floor]);
      if (removed === null) return { plans, plansLeft: await countUnused(client, find) };
      plans += removed;
    }
    if (found.length < FOUND_AT_ONCE || plans === before) return { plans, plansLeft: 0 };
  }
}

async function countUnused(client: Client, find: string): Promise<number> {
  const { rows } = await client.query<{ plans: number }>(`select count(*)::int as plans from (${find}) u`, [
    null,
    STORED_WITHIN_MS,
  ]);
  return rows[0]?.plans ?? 0;
}

function* batchesOf(found: readonly UnusedPlan[]) {
  for (const tenant of new Set(found.map((plan) => plan.tenant_id))) {
    let [hashes, bytes]: [string[], number] = [[], 0];
    for (const plan of found) {
      if (plan.tenant_id !== tenant) continue;
      if (hashes.length === REMOVED_AT_ONCE || (hashes.length > 0 && bytes + plan.bytes > BYTES_AT_ONCE)) {
        yield { tenant, hashes };
        [hashes, bytes] = [[], 0];
      }
      hashes.push(plan.plan_hash);
      bytes += plan.bytes;
    }
    yield { tenant, hashes };
  }
}

/** Returns the number of deleted plans, or null if the table of submissions could not be locked. */
async function removeBatch(client: Client, values: readonly unknown[]): Promise<number | null> {
  for (let tried = 1; ; tried++) {
    await client.query('begin');
    try {
      await client.query(
        `set local lock_timeout = ${LOCK_MS}; set local idle_in_transaction_session_timeout = ${IDLE_MS};
         set local statement_timeout = ${DELETE_MS}`,
      );
      await client.query('lock table pack_runs.submissions in share mode');
      const { rows } = await client.query<{ removed: number }>(statement('remove-plans').text, [...values]);
      await client.query('commit');
      return rows[0]?.removed ?? 0;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      if (!isLockTimeout(error)) throw error;
      if (tried === TRIES) return null;
      await sleep(PAUSE_MS);
    }
  }
}
