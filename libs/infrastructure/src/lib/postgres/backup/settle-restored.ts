import { canonical } from '@taskrunner/core/canonical';
import {
  storableText,
  toRunId,
  toScheduleId,
  type Digest,
  type JsonObject,
  type RunId,
  type ScheduleId,
  type TenantId,
} from '@taskrunner/core/foundation';
import { onceSteps, type Plan } from '@taskrunner/core/plan';
import type { Calendar } from '@taskrunner/core/ports';
import { skipMissed, tickAfter } from '@taskrunner/core/schedule';
import type { Client } from 'pg';
import { toSummary, type ScheduleRow } from '../encoding/schedule-rows';
import { statement } from '../connection/statement';
import { unlessDamaged } from './damaged-row';

/**
 * Owner of a restored run until an operator resumes it. It is not a worker: no sweep frees the run, and no claim, inbox message or release
 * of a concurrency group makes it claimable.
 */
export const NOBODY = 'ffffffff-ffff-4fff-bfff-ffffffffffff';

/** Origin of the restored rows. */
export interface Origin {
  /** Digest of the backup's manifest. */
  readonly backup: Digest;
  /** RFC 3339. */
  readonly takenAt: string;
}

/** A run that is stopped until an operator resumes it. */
interface StoppedRun {
  readonly tenant: TenantId;
  readonly runId: RunId;
}

/** A schedule whose ticks could not be skipped, because its row is damaged. It is stopped until somebody corrects and resumes it. */
interface StoppedSchedule {
  readonly tenant: TenantId;
  readonly scheduleId: ScheduleId;
  readonly reason: string;
}

/** A tenant whose audit chain has no entry of this, because it cannot be continued. */
interface UnauditedTenant {
  readonly tenant: TenantId;
  readonly reason: string;
}

/** Result of settling a restored database before its first use. */
export interface Settled {
  readonly standing: readonly StoppedRun[];
  /** Number of runs that continue without an operator. */
  readonly goingOn: number;
  /** Schedules whose ticks were skipped. */
  readonly skipped: number;
  readonly stoppedSchedules: readonly StoppedSchedule[];
  readonly unaudited: readonly UnauditedTenant[];
}

/** Larger than any earlier worker's fence: a claim raises the fence by one. */
const FENCES = 1_000_000;
/** The fence after a restore. One that somebody has altered so that it cannot be raised is one that no claim has. */
const RAISED = 'case when fence between 0 and 9007199254740990 - $1::bigint then fence + $1::bigint else -1 end';
/** More than the events of a tenant between a backup and a restore. */
const POSITIONS = 1_000_000_000;
/** Maximum number of ticks in one line of a schedule's history, and maximum number of lines. */
const [TICKS, LINES] = [1_000, 1_000];
/**
 * Maximum number of lines that a restore adds to the history of one schedule, and to all histories. What is missed beyond them is not counted: the
 * next tick is one that is to come. Somebody may have written that a schedule has waited for its next tick since 1970.
 */
const [LINES_ADDED, ALL_LINES_ADDED] = [20, 2_000];

/**
 * Adapts restored rows to the gap since the backup: the database has no record of later actions. Earlier workers own nothing, and their
 * fences are stale. Runs that might repeat effects are stopped; others continue at the end of their journals. Due ticks are skipped.
 * `origin` is null if this product did not make the backup.
 */
export async function settleRestored(
  client: Client,
  { calendar, origin }: { readonly calendar: Calendar; readonly origin: Origin | null },
): Promise<Settled> {
  await endSessions(client);
  await beginFeeds(client);
  const stopped = await standStill(client);
  const active = await activeRuns(client);
  const ticks = await skipTicks(client, calendar);
  const { backup = null, takenAt = null } = origin ?? {};
  const unaudited = await writeAudit(client, (tenant) => {
    const runs = stopped.filter((run) => run.tenant === tenant).length;
    return { type: 'database.restored', backup, takenAt, standingRuns: runs };
  });
  return { standing: stopped, goingOn: active - stopped.length, ...ticks, unaudited };
}

/** Earlier workers own nothing, and their fences are stale. Requests and sweeps that were in progress are gone. */
export async function endSessions(client: Client): Promise<void> {
  await client.query(
    `update pack_runs.runs set owner = null, fence = ${RAISED}, passed_by = '{}',
       due_at = case when owner is null then due_at else now() end,
       due_set_at = case when owner is null then due_set_at else clock_timestamp() end
     where (status not in ('succeeded', 'failed', 'cancelled', 'halted') or owner is not null)
       and pack_runs.fits_indexes(tenant_id, worker_labels, environment_digest)`,
    [FENCES],
  );
  await client.query(`update pack_runs.assignments set owner = null, fence = ${RAISED}`, [FENCES]);
  for (const table of ['pack_runs.workers', 'pack_artifacts.uploads', 'pack_artifacts.object_suspects'])
    await client.query(`delete from ${table}`);
}

/** Number of runs that have not ended. */
export async function activeRuns(client: Client): Promise<number> {
  const { rows } = await client.query<{ runs: number }>(
    `select count(*)::int as runs from pack_runs.runs where status not in ('succeeded', 'failed', 'cancelled', 'halted')`,
  );
  return rows[0]?.runs ?? 0;
}

/**
 * Events since the backup are lost, and their positions may have been read. Each feed goes on far behind them, and whoever asks for what
 * follows an earlier position is told that it is gone.
 */
async function beginFeeds(client: Client): Promise<void> {
  await client.query('delete from pack_runs.events');
  await client.query(
    `insert into pack_runs.event_heads as h (tenant_id, position, removed)
     select distinct r.tenant_id, $1::bigint, $1::bigint from pack_runs.runs r
     on conflict (tenant_id) do nothing`,
    [POSITIONS],
  );
  // A position that no feed has (migration 117) begins again.
  await client.query(
    `update pack_runs.event_heads h set position = raised.position, removed = raised.position
     from (select tenant_id, case when position between 0 and 4503599627370496 / 2 then position + $1::bigint else $1::bigint end
       as position from pack_runs.event_heads) raised
     where h.tenant_id = raised.tenant_id`,
    [POSITIONS],
  );
}

/** Stops runs whose plan has a `once` step, because it is unknown whether the step has acted since the backup. */
async function standStill(client: Client): Promise<readonly StoppedRun[]> {
  const { rows: plans } = await client.query<{ tenant_id: string; plan_hash: string }>(
    `select distinct s.tenant_id, s.plan_hash from pack_runs.runs r
     join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
     where r.status not in ('succeeded', 'failed', 'cancelled', 'halted')`,
  );
  const stopped: StoppedRun[] = [];
  for (const { tenant_id, plan_hash } of plans) {
    const { rows } = await client.query<{ plan: string }>(
      'select pack_runs.bounded(plan, 67108864) as plan from pack_runs.plans where tenant_id = $1 and plan_hash = $2',
      [tenant_id, plan_hash],
    );
    if (!mayActOnce(rows[0]?.plan)) continue;
    const held = await client.query<{ run_id: string }>(
      `update pack_runs.runs r set owner = $3, version = pack_runs.next_version(r.version), status = 'waiting',
         waits = json_build_array(json_build_object('kind', 'restore', 'id', null,
           'since', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'until', null))
       from pack_runs.run_sources s
       where s.tenant_id = $1 and s.plan_hash = $2 and r.tenant_id = s.tenant_id and r.run_id = s.run_id
         and r.status not in ('succeeded', 'failed', 'cancelled', 'halted')
       returning r.run_id`,
      [tenant_id, plan_hash, NOBODY],
    );
    for (const { run_id } of held.rows) stopped.push({ tenant: tenant_id as TenantId, runId: toRunId(run_id) });
  }
  // Other workers could otherwise execute assignments that such a run has dispatched.
  await client.query(
    `update pack_runs.assignments a set owner = $1 from pack_runs.runs r
     where r.owner = $1 and a.tenant_id = r.tenant_id and a.run_id = r.run_id`,
    [NOBODY],
  );
  return stopped;
}

/** A run is stopped too if its plan is missing or unreadable. The plan itself is verified by the worker. */
function mayActOnce(plan: string | undefined): boolean {
  if (plan === undefined) return true;
  try {
    return onceSteps(JSON.parse(plan) as Plan).length > 0;
  } catch {
    return true;
  }
}

async function skipTicks(client: Client, calendar: Calendar): Promise<Pick<Settled, 'skipped' | 'stoppedSchedules'>> {
  const { rows } = await client.query<DueRow>(
    `select s.tenant_id, s.schedule_id, pack_runs.bounded(s.name, 65536) as name, s.revision, pack_runs.bounded(s.cron, 65536) as cron, pack_runs.bounded(s.time_zone, 65536) as time_zone,
      pack_runs.bounded(s.overlap, 65536) as overlap, pack_runs.bounded(s.catch_up, 65536) as catch_up, s.catch_up_window_ms, s.until_ms, pack_runs.bounded(s.pack, 16777216) as pack,
      pack_runs.bounded(s.plan_hash, 65536) as plan_hash, pack_runs.bounded(s.profile_digest, 65536) as profile_digest, pack_runs.bounded(s.labels, 16777216) as labels, pack_runs.bounded(s.creator, 16777216) as creator,
      pack_runs.bounded(s.editor, 16777216) as editor, pack_runs.bounded(s.author, 16777216) as author, s.paused, pack_runs.bounded(s.stopped, 16777216) as stopped,
      s.next_ms, s.created_ms, s.updated_ms, pack_runs.bounded(s.record, 16777216) as record,
      pack_runs.now_ms() as now_ms from pack_runs.schedules s
     where s.next_ms between 0 and pack_runs.now_ms() and s.stopped is null and not s.paused
     order by s.tenant_id, s.schedule_id`,
  );
  const stoppedSchedules: StoppedSchedule[] = [];
  let lines = ALL_LINES_ADDED;
  for (const row of rows) {
    const reason = await unlessDamaged(client, async () => {
      lines -= await skipDue(client, calendar, row, Math.min(lines, LINES_ADDED));
    });
    if (reason === null) continue;
    await stopSchedule(client, row, reason);
    stoppedSchedules.push({
      ...{ tenant: row.tenant_id as TenantId, scheduleId: toScheduleId(row.schedule_id) },
      reason,
    });
  }
  return { skipped: rows.length - stoppedSchedules.length, stoppedSchedules };
}

type DueRow = ScheduleRow & { readonly now_ms: number };

/** Returns the number of lines that were added to the history. */
async function skipDue(client: Client, calendar: Calendar, row: DueRow, lines: number): Promise<number> {
  const { tenant, timing, revision } = toSummary(row);
  const nextAfter = (ms: number) => calendar.nextAfter(timing.cron, timing.timeZone, ms);
  const now = row.now_ms;
  let added = 0;
  for (let tick = row.next_ms; tick !== null; added++) {
    const limits = { graceMs: 0, maxActive: 1, maxSkips: added < lines ? TICKS : 1 };
    const decision = skipMissed({ timing, tick, now, active: [], nextAfter, limits });
    if (decision.kind === 'wait') break;
    const { last, count, reason } = decision;
    const next = added < lines ? decision.next : tickAfter(timing, nextAfter, now);
    await client.query({
      text: statement('take-tick').text,
      values: [tenant, row.schedule_id, revision, tick, next, last, count, 'skipped', reason, null, LINES, null],
    });
    tick = next;
  }
  return added;
}

/** As a schedule that stops itself: nothing runs until somebody has corrected it. */
async function stopSchedule(client: Client, { tenant_id, schedule_id, next_ms, now_ms }: DueRow, reason: string) {
  const message = storableText(`a restore could not skip its ticks: ${reason}`);
  const notice = { code: 'SCHEDULE_CRON', message, tick: next_ms, found: null, at: now_ms };
  await client.query(
    'update pack_runs.schedules set stopped = $3::json where tenant_id = $1 and schedule_id = $2::uuid',
    [tenant_id, schedule_id, JSON.stringify(notice)],
  );
}

/** Adds an entry to each existing audit chain. Returns the chains that cannot be continued: no request of their tenants is audited either. */
export async function writeAudit(
  client: Client,
  eventOf: (tenant: string) => JsonObject,
): Promise<readonly UnauditedTenant[]> {
  const unaudited: UnauditedTenant[] = [];
  const { rows } = await client.query<{ tenant_id: string }>('select tenant_id from pack_runs.audit_heads order by 1');
  for (const { tenant_id } of rows) {
    const reason = await unlessDamaged(client, async () => {
      await client.query('select pack_runs.append_audit($1, $2)', [tenant_id, canonical(eventOf(tenant_id))]);
    });
    if (reason !== null) unaudited.push({ tenant: tenant_id as TenantId, reason });
  }
  return unaudited;
}
