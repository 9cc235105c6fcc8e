import { canonical } from '@taskrunner/core/canonical';
import { runUuid, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { Client } from 'pg';
import { asRole } from '../connection/client-of-role';
import { DatabaseError } from '../connection/database-error';
import { reportingWaitUntil, type OnWaiting } from '../connection/waiting';
import { removeEvents } from './event-retention';
import { dropPartitions, makePartitions, type KeptDay } from './partitions';
import { removePlans, type RemovedPlans } from './plan-retention';
import { removeExpired, type Removed, type Retention } from './retention';

/** Result of the daily maintenance. */
export interface Maintained extends Removed, RemovedPlans {
  /** Created partitions. */
  readonly partitions: number;
  readonly dropped: number;
  /** Days past retention whose partitions are kept. */
  readonly kept: readonly KeptDay[];
}

const LOCK = 7_300_303;
/** Maximum wait for a lock, milliseconds. */
const LOCK_MS = 60_000;

/**
 * Daily maintenance with the `maintain` role, in one process at a time. Creates future partitions, drops partitions past retention, deletes
 * runs, evidence and events of feeds past retention, plans that no run uses any more, and idempotency keys older than 7 days. It may be
 * interrupted at any point and called again.
 * @throws DatabaseError
 */
export function maintainDatabase(
  maintainUrl: string,
  retention: Retention,
  onWaiting?: OnWaiting,
): Promise<Maintained> {
  return asMaintain(maintainUrl, async (client) => {
    await reportingWaitUntil('another `taskrunner maintain` to end', LOCK_MS, onWaiting, () =>
      client.query('select pg_advisory_lock($1)', [LOCK]),
    );
    const beOwner = async (): Promise<void> => void (await client.query('set role taskrunner_owner'));
    // Partitions come first: without tomorrow's partitions no run can commit, whatever else fails.
    await beOwner();
    const partitions = await makePartitions(client);
    await client.query('reset role');
    await client.query(`delete from pack_runs.idempotency where created_at < now() - interval '7 days'`);
    const { rows } = await client.query<{ now: string }>('select pack_runs.now_ms()::text as now');
    const now = Number(rows[0]?.now);
    await removeEvents(client, now - retention.events);
    const removed = await removeExpired(client, retention, now);
    const unused = await removePlans(client);
    const gone = await dropPartitions(client, retention.journal, now, beOwner);
    return { partitions, ...removed, ...unused, ...gone };
  });
}

/**
 * Excludes a run from retention until `releaseRun`; audited.
 * @throws DatabaseError `DB_RUN_UNKNOWN`
 */
export async function holdRun(maintainUrl: string, tenant: TenantId, run: RunId, reason: string): Promise<void> {
  const event = canonical({ type: 'run.held', runId: run, reason });
  const text = 'select pack_runs.hold_run($1, $2, $3, $4) as done';
  await settle(maintainUrl, text, [tenant, runUuid(run), reason, event], `${tenant} has no run ${run}`);
}

/**
 * Ends a hold; audited.
 * @throws DatabaseError `DB_RUN_UNKNOWN`
 */
export async function releaseRun(maintainUrl: string, tenant: TenantId, run: RunId): Promise<void> {
  const event = canonical({ type: 'run.released', runId: run });
  const text = 'select pack_runs.release_run($1, $2, $3) as done';
  await settle(maintainUrl, text, [tenant, runUuid(run), event], `${tenant} has no held run ${run}`);
}

async function settle(url: string, text: string, values: unknown[], otherwise: string): Promise<void> {
  const { rows } = await asMaintain(url, (client) => client.query<{ done: boolean }>(text, values));
  if (rows[0]?.done !== true) throw new DatabaseError('DB_RUN_UNKNOWN', otherwise, 'Check the run id and the tenant.');
}

function asMaintain<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const config = { application_name: 'taskrunner maintain', statement_timeout: 300_000, lock_timeout: LOCK_MS };
  return asRole({ url, role: 'maintain' }, config, work);
}
