import { canonical } from '@taskrunner/core/canonical';
import { runUuid, scheduleUuid, toScheduleId } from '@taskrunner/core/foundation';
import { ScheduleStore } from '@taskrunner/core/ports';
import type { Json, JsonObject, RunId, ScheduleId, TenantId } from '@taskrunner/core/foundation';
import type { DueSchedule, Kept, NewRun, Ticked, TickPlace } from '@taskrunner/core/ports';
import type { InputEventBody } from '@taskrunner/core/run';
import type { Schedule, ScheduleSummary, StopNotice, StoredTick, TickRecord } from '@taskrunner/core/schedule';
import { holderOf } from '../submission/postgres-run-store';
import type { TenantQueries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import {
  toDue,
  toSummary,
  toTick,
  type ScheduleRow,
  type TickRow,
  type WholeScheduleRow,
} from '../encoding/schedule-rows';
import { isDuplicate } from '../connection/sql-state';
import { statement, type Statement } from '../connection/statement';
import { SubmissionSteps } from '../submission/submission-steps';

type Step = readonly [Statement, readonly unknown[]];
type Taking = Pick<TickRecord, 'last' | 'count' | 'outcome' | 'reason'> & {
  readonly next: number | null;
  readonly run: RunId | null;
  readonly notice: StopNotice | null;
};

/** SQLSTATE raised by `take_tick`: the tick is not, or no longer, the next one of the schedule. */
const TAKEN = 'TR001';

/** Schedules under row-level security. Only the query for due schedules covers all tenants. */
export class PostgresScheduleStore extends ScheduleStore {
  private readonly stampStatement = statement('stamp');
  private readonly lockStatement = statement('lock-schedules');
  private readonly createStatement = statement('create-schedule');
  private readonly replaceStatement = statement('replace-schedule');
  private readonly findStatement = statement('find-schedule');
  private readonly listStatement = statement('list-schedules');
  private readonly removeStatement = statement('remove-schedule');
  private readonly ticksStatement = statement('list-ticks');
  private readonly dueStatement = statement('take-due-schedules');
  private readonly takeStatement = statement('take-tick');
  private readonly passStatement = statement('pass-tick');
  private readonly submission = new SubmissionSteps();
  private readonly postStatement = statement('post-message');
  private readonly auditStatement = statement('append-audit');
  private readonly announceStatement = statement('announce-schedule');

  constructor(
    private readonly queries: TenantQueries,
    /** Maximum lines in the history of a schedule; lines of active runs are kept in addition. */
    private readonly keptTicks = 1_000,
  ) {
    super();
  }

  async stamp(): Promise<{ at: number; scheduleId: ScheduleId }> {
    const [row] = await withRetry(() =>
      this.queries.across<{ at_ms: number; run_id: string }>(this.stampStatement, [1]),
    );
    if (!row) throw new TypeError('no stamp');
    return { at: row.at_ms, scheduleId: toScheduleId(row.run_id) };
  }

  async create(schedule: Schedule, limit: number, audit: JsonObject): Promise<Kept> {
    const values = [...scheduleValues(schedule), limit, canonical(audit)];
    return this.keep(async () => {
      const steps: Step[] = [
        [this.lockStatement, [schedule.tenant]],
        [this.createStatement, values],
      ];
      const rows = (await this.queries.together(schedule.tenant, steps))[1];
      const { made, is_taken } = rows?.[0] as { made: number; is_taken: boolean };
      if (made > 0) return { kind: 'kept' };
      return { kind: 'refused', code: is_taken ? 'SCHEDULE_NAME_TAKEN' : 'SCHEDULE_LIMIT' };
    }, schedule);
  }

  async replace(schedule: Schedule, before: number | null, audit: JsonObject): Promise<Kept> {
    const values = [...scheduleValues(schedule), canonical(audit), before];
    return this.keep(async () => {
      const [row] = await this.queries.inTenant<{ made: number }>(schedule.tenant, this.replaceStatement, values);
      return row?.made ? { kind: 'kept' } : { kind: 'refused', code: 'SCHEDULE_CHANGED' };
    }, schedule);
  }

  /** After a lost answer, a refusal may result from our own success, which the row shows. */
  private async keep(attempt: () => Promise<Kept>, { tenant, scheduleId, revision, editor }: Schedule): Promise<Kept> {
    return withRetry(async ({ lost }) => {
      const kept = await attempt().catch((error: unknown): Kept => {
        if (isDuplicate(error)) return { kind: 'refused', code: 'SCHEDULE_NAME_TAKEN' };
        throw error;
      });
      if (kept.kind === 'kept' || !lost) return kept;
      const found = await this.find(tenant, scheduleId);
      const isOurs =
        found?.revision === revision &&
        canonical(found.editor as unknown as Json) === canonical(editor as unknown as Json);
      return isOurs ? { kind: 'kept' } : kept;
    });
  }

  async find(tenant: TenantId, schedule: ScheduleId): Promise<Schedule | null> {
    return (await this.due(tenant, schedule))?.schedule ?? null;
  }

  async due(tenant: TenantId, schedule: ScheduleId): Promise<DueSchedule | null> {
    const [row] = await withRetry(() =>
      this.queries.inTenant<WholeScheduleRow>(tenant, this.findStatement, [tenant, scheduleUuid(schedule)]),
    );
    return row ? toDue(row) : null;
  }

  async list(tenant: TenantId, limit: number, before: ScheduleId | null): Promise<readonly ScheduleSummary[]> {
    const from = before === null ? null : scheduleUuid(before);
    const rows = await withRetry(() =>
      this.queries.inTenant<ScheduleRow>(tenant, this.listStatement, [tenant, limit, from]),
    );
    return rows.map(toSummary);
  }

  async remove(tenant: TenantId, schedule: ScheduleId, audit: JsonObject): Promise<boolean> {
    return withRetry(async ({ lost }) => {
      const values = [tenant, scheduleUuid(schedule), canonical(audit)];
      const [row] = await this.queries.inTenant<{ made: number }>(tenant, this.removeStatement, values);
      return (row?.made ?? 0) > 0 || lost;
    });
  }

  async ticks(
    tenant: TenantId,
    schedule: ScheduleId,
    limit: number,
    before: number | null,
  ): Promise<readonly StoredTick[]> {
    const values = [tenant, scheduleUuid(schedule), limit, before];
    return (await withRetry(() => this.queries.inTenant<TickRow>(tenant, this.ticksStatement, values))).map(toTick);
  }

  async takeDue(limit: number, leaseMs: number) {
    const rows = await this.queries.across<{ tenant_id: string; schedule_id: string }>(this.dueStatement, [
      limit,
      leaseMs,
    ]);
    return rows.map((row) => ({ tenant: row.tenant_id as TenantId, scheduleId: toScheduleId(row.schedule_id) }));
  }

  async start(place: TickPlace, start: Parameters<ScheduleStore['start']>[1]) {
    const { run, next, replaces, by } = start;
    const { tenant, tick, scheduleId } = place;
    const taking = { next, last: tick, count: 1, outcome: 'ran', reason: null, run: run.runId, notice: null } as const;
    const reason = `replaced by the tick of ${new Date(tick).toISOString()} of ${scheduleId}`;
    const input: InputEventBody = { type: 'run.cancel-requested', by, reason, force: false };
    const stops = replaces.flatMap((other): Step[] => [
      [this.postStatement, [tenant, runUuid(other), 'cancel', JSON.stringify(input), true]],
      [
        this.auditStatement,
        [tenant, canonical({ type: 'run.cancel', runId: other, scheduleId, person: { ...by }, outcome: 'posted' })],
      ],
    ]);
    // The run comes last: all statements that lock a run and its concurrency group use this order.
    const attempt = (made: NewRun): Promise<Ticked> =>
      this.take(place, taking, [...stops, ...this.submission.of(made.tenant, [made])]);
    try {
      return await attempt(run);
    } catch (error) {
      const holder = holderOf(error);
      if (holder === null) throw error;
      if (run.concurrency === null || !replaces.includes(holder)) return 'held';
      // The run waits for the runs that it cancels.
      return attempt({ ...run, concurrency: { ...run.concurrency, onConflict: 'queue' } });
    }
  }

  skip(place: TickPlace, skip: Parameters<ScheduleStore['skip']>[1]): Promise<Ticked> {
    return this.take(place, { ...skip, outcome: 'skipped', run: null, notice: null }, []);
  }

  stop(place: TickPlace, notice: StopNotice, announcement: JsonObject): Promise<Ticked> {
    const { tenant, tick, scheduleId } = place;
    const taking = {
      next: null,
      last: tick,
      count: 1,
      outcome: 'stopped',
      reason: notice.code,
      run: null,
      notice,
    } as const;
    return this.take(place, taking, [
      [this.auditStatement, [tenant, canonical(announcement)]],
      [this.announceStatement, [tenant, scheduleUuid(scheduleId), canonical(announcement)]],
    ]);
  }

  /**
   * The tick comes first: if it cannot be taken, nothing else is done. If the history has it already, the schedule goes on to the next one
   * instead of waiting for it for ever.
   */
  private async take(place: TickPlace, taking: Taking, rest: readonly Step[]): Promise<Ticked> {
    const { tenant, scheduleId, revision, tick } = place;
    const { next, last, count, outcome, reason, run, notice } = taking;
    const values = [
      tenant,
      scheduleUuid(scheduleId),
      revision,
      tick,
      next,
      last,
      count,
      outcome,
      reason,
      run === null ? null : runUuid(run),
      this.keptTicks,
      notice === null ? null : JSON.stringify(notice),
    ];
    return withRetry(async ({ lost }) => {
      try {
        await this.queries.together(tenant, [[this.takeStatement, values], ...rest]);
        return 'done';
      } catch (error) {
        if ((error as { code?: unknown }).code !== TAKEN && !isDuplicate(error)) throw error;
        if (!lost) {
          const passing = [...values.slice(0, 5), values.at(-1)];
          if (isDuplicate(error)) await this.queries.together(tenant, [[this.passStatement, passing]]);
          return 'taken';
        }
        // After a lost answer the tick may be taken already: the history contains the run of the tick.
        const [record] = await this.ticks(tenant, scheduleId, 1, tick + 1);
        return record?.first === tick && record.runId === run && record.outcome === outcome ? 'done' : 'taken';
      }
    });
  }
}

function scheduleValues(schedule: Schedule): unknown[] {
  const { timing, pin } = schedule;
  return [
    schedule.tenant,
    scheduleUuid(schedule.scheduleId),
    schedule.name,
    schedule.revision,
    timing.cron,
    timing.timeZone,
    timing.overlap,
    timing.catchUp,
    timing.catchUpWindowMs,
    timing.until,
    JSON.stringify(schedule.pack),
    pin.planHash,
    pin.profileDigest,
    JSON.stringify(schedule.source),
    JSON.stringify(schedule.inputs),
    JSON.stringify(schedule.labels),
    JSON.stringify(schedule.creator),
    JSON.stringify(schedule.editor),
    JSON.stringify(schedule.author),
    schedule.paused,
    schedule.stopped === null ? null : JSON.stringify(schedule.stopped),
    schedule.next,
    schedule.updatedAt,
    schedule.record === null ? null : JSON.stringify(schedule.record),
  ];
}
