import type { RunId, ScheduleId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { Subject } from '../../foundation/principal';
import type { Schedule, ScheduleSummary, StopNotice, TickRecord } from '../../schedule/schedule';
import type { NewRun } from '../runs/run-store';

/** A schedule that was said to be due, as it stands now. */
export interface DueSchedule {
  readonly schedule: Schedule;
  /** Database time, milliseconds. */
  readonly now: number;
  /** Its runs that have not ended, oldest first. */
  readonly active: readonly RunId[];
}

/** Where a tick stands: what is done about it is done only if the schedule still stands there. */
export interface TickPlace {
  readonly tenant: TenantId;
  readonly scheduleId: ScheduleId;
  readonly revision: number;
  readonly tick: number;
}

/** `taken`: somebody else was first, or the schedule was edited meanwhile. Nothing was done. */
export type Ticked = 'done' | 'taken';

export type Kept = { readonly kind: 'kept' } | { readonly kind: 'refused'; readonly code: ScheduleKeepCode };
export type ScheduleKeepCode = 'SCHEDULE_NAME_TAKEN' | 'SCHEDULE_LIMIT' | 'SCHEDULE_CHANGED';

/** Where schedules are kept. Every change is one transaction with its audit row. */
export abstract class ScheduleStore {
  /** Database time, milliseconds; and an id made from it. */
  abstract stamp(): Promise<{ readonly at: number; readonly scheduleId: ScheduleId }>;
  abstract create(schedule: Schedule, limit: number, audit: JsonObject): Promise<Kept>;
  /** Replaces the schedule of the revision before, if it still waits for the tick `before`. */
  abstract replace(schedule: Schedule, before: number | null, audit: JsonObject): Promise<Kept>;
  abstract find(tenant: TenantId, schedule: ScheduleId): Promise<Schedule | null>;
  /** Newest first. */
  abstract list(tenant: TenantId, limit: number, before: ScheduleId | null): Promise<readonly ScheduleSummary[]>;
  /** False if there is none. Its runs stay. */
  abstract remove(tenant: TenantId, schedule: ScheduleId, audit: JsonObject): Promise<boolean>;
  /** Newest first, those before a tick. */
  abstract ticks(
    tenant: TenantId,
    schedule: ScheduleId,
    limit: number,
    before: number | null,
  ): Promise<readonly TickRecord[]>;

  /** Schedules of all tenants that are due, for `leaseMs` the caller's. Nothing but names: the rest is read within the tenant. */
  abstract takeDue(
    limit: number,
    leaseMs: number,
  ): Promise<readonly { readonly tenant: TenantId; readonly scheduleId: ScheduleId }[]>;
  /** Null if it is gone. */
  abstract due(tenant: TenantId, schedule: ScheduleId): Promise<DueSchedule | null>;
  /**
   * One transaction: the tick is taken, the run is created, those it replaces are asked to stop. `held`: another run holds the
   * concurrency group of this one, which would not wait; nothing was done. For a run that it replaces
   * it waits, whatever it would do for others.
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
  /** The tick is not run, and the schedule ticks no more until somebody lets it go on: announced and audited. */
  abstract stop(place: TickPlace, notice: StopNotice, announcement: JsonObject): Promise<Ticked>;
}
