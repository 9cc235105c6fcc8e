import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { isLockTimeout } from '../connection/sql-state';
import { statement } from '../connection/statement';

/** Counts of plans that no run is of. */
export interface RemovedPlans {
  readonly plans: number;
  /** Found, but kept until the next time, because transactions of submissions did not end in time. */
  readonly plansLeft: number;
}

/** Number of plans that are looked up together, and that are removed in one transaction, during which submissions wait. */
const [FOUND_AT_ONCE, REMOVED_AT_ONCE] = [20_000, 2_000];
/** Milliseconds. Submissions wait behind this lock. PostgreSQL cancels an automatic vacuum of the table after one second. */
const [LOCK_MS, PAUSE_MS] = [1_500, 1_000];
const TRIES = 3;
/** Maximum age of the id of a run when the run is stored, milliseconds. */
const STORED_WITHIN_MS = 600_000;

interface UnusedPlan {
  readonly tenant_id: string;
  readonly plan_hash: string;
}

/**
 * Deletes plans that no run is of any more. Inputs are part of a plan, so there may be as many plans as runs.
 *
 * Plans are looked up without a lock. While a batch is deleted, submissions wait, and plans of runs that were stored after the lookup are
 * kept. The next run of a deleted plan stores it again. Needs the role `maintain`, which sees the rows of all tenants.
 */
export async function removePlans(client: Client): Promise<RemovedPlans> {
  const [find, floor] = [statement('unused-plans').text, statement('run-id-floor').text];
  for (let plans = 0; ;) {
    const { rows: floors } = await client.query<{ floor: string }>(floor, [STORED_WITHIN_MS]);
    const { rows: found } = await client.query<UnusedPlan>(find, [FOUND_AT_ONCE]);
    const before = plans;
    for (const { tenant, hashes } of batchesOf(found)) {
      const removed = await removeBatch(client, [tenant, hashes, floors[0]?.floor]);
      if (removed === null) return { plans, plansLeft: found.length - (plans - before) };
      plans += removed;
    }
    if (found.length < FOUND_AT_ONCE || plans === before) return { plans, plansLeft: 0 };
  }
}

function* batchesOf(found: readonly UnusedPlan[]) {
  for (const tenant of new Set(found.map((plan) => plan.tenant_id))) {
    const hashes = found.filter((plan) => plan.tenant_id === tenant).map((plan) => plan.plan_hash);
    for (let i = 0; i < hashes.length; i += REMOVED_AT_ONCE)
      yield { tenant, hashes: hashes.slice(i, i + REMOVED_AT_ONCE) };
  }
}

/** Returns the number of deleted plans, or null if the table of submissions could not be locked. */
async function removeBatch(client: Client, values: readonly unknown[]): Promise<number | null> {
  for (let tried = 1; ; tried++) {
    await client.query('begin');
    try {
      await client.query(`set local lock_timeout = ${LOCK_MS}`);
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
