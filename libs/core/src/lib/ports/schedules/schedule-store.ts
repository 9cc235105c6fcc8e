import type { RunId, ScheduleId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { Subject } from '../../foundation/principal';
import type { Schedule, ScheduleSummary, StopNotice, StoredTick, TickRecord, TickRun } from '../../schedule/schedule';
import type { NewRun } from '../runs/run-store';

/** A schedule that was reported as due, in its current state. */
export interface DueSchedule {
  readonly schedule: Schedule;
  /** Database time, milliseconds. */
  readonly now: number;
  /** Active runs that lines of its history name, oldest first. Nothing was compared: see `isRunOfSchedule`. */
  readonly active: readonly TickRun[];
}

/** The state of a schedule for a tick. The tick is handled only if the schedule is still in this state. */
export interface TickPlace {
  readonly tenant: TenantId;
  readonly scheduleId: ScheduleId;
  readonly revision: number;
  readonly tick: number;
}

/** `taken`: another process was first, or the schedule was edited meanwhile. Nothing was done. */
export type Ticked = 'done' | 'taken';

export type Kept = { readonly kind: 'kept' } | { readonly kind: 'refused'; readonly code: ScheduleKeepCode };
export type ScheduleKeepCode = 'SCHEDULE_NAME_TAKEN' | 'SCHEDULE_LIMIT' | 'SCHEDULE_CHANGED';

/** Stores schedules. Every change is one transaction with its audit row. */
export abstract class ScheduleStore {
  /** Database time in milliseconds, and an id derived from it. */
  abstract stamp(): Promise<{ readonly at: number; readonly scheduleId: ScheduleId }>;
  abstract create(schedule: Schedule, limit: number, audit: JsonObject): Promise<Kept>;
  /** Replaces the previous revision of the schedule, if it still waits for the tick `before`. */
  abstract replace(schedule: Schedule, before: number | null, audit: JsonObject): Promise<Kept>;
  abstract find(tenant: TenantId, schedule: ScheduleId): Promise<Schedule | null>;
  /** Newest first. */
  abstract list(tenant: TenantId, limit: number, before: ScheduleId | null): Promise<readonly ScheduleSummary[]>;
  /** False if it does not exist. Its runs are kept. */
  abstract remove(tenant: TenantId, schedule: ScheduleId, audit: JsonObject): Promise<boolean>;
  /** Newest first, before a given tick. */
  abstract ticks(
    tenant: TenantId,
    schedule: ScheduleId,
    limit: number,
    before: number | null,
  ): Promise<readonly StoredTick[]>;

  /** Due schedules of all tenants, leased to the caller for `leaseMs`. Returns only names; the rest is read within the tenant. */
  abstract takeDue(
    limit: number,
    leaseMs: number,
  ): Promise<readonly { readonly tenant: TenantId; readonly scheduleId: ScheduleId }[]>;
  /** Null if it was deleted. */
  abstract due(tenant: TenantId, schedule: ScheduleId): Promise<DueSchedule | null>;
  /**
   * One transaction: the tick is taken, the run is created, the runs that it replaces are asked to stop. `held`: another run holds the
   * concurrency group of this one, which would not wait; nothing was done. For a run that it replaces it always waits.
   */
  abstract start(
    place: TickPlace,
    start: {
      readonly run: NewRun;
      readonly next: number | null;
      readonly replaces: readonly RunId[];
      readonly by: Subject;
    },
  ): Promise<Ticked | 'held'>;
  abstract skip(
    place: TickPlace,
    skip: Pick<TickRecord, 'last' | 'count' | 'reason'> & { readonly next: number | null },
  ): Promise<Ticked>;
  /** The tick is not run, and the schedule stops until a person resumes it. This is announced and audited. */
  abstract stop(place: TickPlace, notice: StopNotice, announcement: JsonObject): Promise<Ticked>;
}
