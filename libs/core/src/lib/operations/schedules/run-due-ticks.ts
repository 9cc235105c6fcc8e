import { isCodedError, type CodedError } from '../../foundation/coded-error';
import type { RunId, ScheduleId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import type { Calendar } from '../../ports/schedules/calendar';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { NewRun } from '../../ports/runs/run-store';
import type { DueSchedule, ScheduleStore, TickPlace } from '../../ports/schedules/schedule-store';
import { decideTick, type SkipReason, type TickLimits } from '../../schedule/decide-tick';
import { initiatorsOfSchedule, type Pin, type Schedule } from '../../schedule/schedule';
import { ScheduleAltered } from '../../stored/stored-schedule';
import { isStoredTime } from '../../stored/stored-time';
import { loadSource } from '../packs/schedule-source';
import { SCHEDULE_UNSIGNED } from './schedule-error';
import type { SignedSchedules } from './signed-schedules';
import type { SubmitRun } from '../submission/submit-run';
import { PlanHashMismatch, ProfileMismatch, SubmitRunError } from '../submission/submit-run-error';

interface RunDueTicksDependencies {
  readonly schedules: ScheduleStore;
  readonly signed: Pick<SignedSchedules, 'compare' | 'compareRuns'>;
  readonly objects: ObjectStore;
  readonly submitRun: Pick<SubmitRun, 'prepare'>;
  readonly calendar: Calendar;
  readonly limits: TickLimits & {
    /** Maximum number of schedules per query. */
    readonly batch: number;
    /** Lease of a schedule, milliseconds. Afterwards another process may try. */
    readonly leaseMs: number;
  };
  /** Called with the result of a tick. */
  readonly onTick?: (reported: TickReport) => void;
}

/** The result of a tick, for logs. */
export interface TickReport {
  readonly tenant: TenantId;
  readonly scheduleId: ScheduleId;
  readonly outcome: 'ran' | 'skipped' | 'stopped' | 'taken' | 'failed';
  readonly tick: number | null;
  readonly runId: RunId | null;
  readonly reason: string | null;
  readonly error: unknown;
}

/** Stored bytes that have changed. */
const LOST: ReadonlySet<string> = new Set(['OBJECT_MISSING', 'OBJECT_DIGEST_MISMATCH']);

/**
 * Runs due ticks of all tenants. Any number of processes may do so: a tick is taken in the transaction that creates its run, and only if
 * the schedule still waits for exactly that tick. If a process dies before that, nothing is left behind, and another one continues when the
 * lease has expired. If it dies after that, everything is done.
 */
export class RunDueTicks {
  constructor(private readonly dependencies: RunDueTicksDependencies) {}

  /**
   * Runs one round. Returns the number of due schedules; if there are none, the caller pauses. A failing schedule does not hold up others.
   */
  async turn(): Promise<number> {
    const { schedules, limits } = this.dependencies;
    const due = await schedules.takeDue(limits.batch, limits.leaseMs);
    for (const { tenant, scheduleId } of due) {
      try {
        await this.tick(tenant, scheduleId);
      } catch (error) {
        // Its lease stays, as the pause before the next try.
        this.report({ tenant, scheduleId, outcome: 'failed', error });
      }
    }
    return due.length;
  }

  private async tick(tenant: TenantId, scheduleId: ScheduleId): Promise<void> {
    const { schedules, calendar, limits } = this.dependencies;
    const found = await schedules.due(tenant, scheduleId);
    if (!found || found.schedule.next === null || found.schedule.paused || found.schedule.stopped) return;
    const { schedule, now } = found;
    const { timing, revision } = schedule;
    const tick = found.schedule.next;
    if (tick > now) return;
    const place: TickPlace = { tenant, scheduleId, revision, tick };
    const active = found.active.map(({ runId }) => runId);
    const unbelieved = this.objectionTo(found);
    if (unbelieved) return this.stop(schedule, place, unbelieved, now);
    const nextAfter = (ms: number) => calendar.nextAfter(timing.cron, timing.timeZone, ms);
    const decision = decideTick({ timing, tick, now, active, nextAfter, limits });
    switch (decision.kind) {
      case 'wait':
        return;
      case 'skip': {
        const ticked = await schedules.skip(place, decision);
        const outcome = ticked === 'done' ? 'skipped' : ticked;
        return this.report({ tenant, scheduleId, outcome, tick, reason: decision.reason });
      }
      case 'run': {
        const run = await this.prepared(schedule, place, now);
        if (!run) return;
        const { next, replaces } = decision;
        const [by] = schedule.editor.actors;
        if (!by) throw new TypeError('a schedule without an editor');
        const ticked = await schedules.start(place, { run, next, replaces, by: { iss: by.iss, sub: by.sub } });
        if (ticked === 'held') return this.skipHeld(place, decision.next);
        const outcome = ticked === 'done' ? 'ran' : ticked;
        this.report({ tenant, scheduleId, outcome, tick, runId: ticked === 'done' ? run.runId : null });
      }
    }
  }

  /** Why a schedule or a line of its history is not believed; null: they are what was signed. */
  private objectionTo({ schedule, active }: DueSchedule): Pick<CodedError, 'code' | 'message'> | null {
    const { signed } = this.dependencies;
    if (schedule.record === null) return SCHEDULE_UNSIGNED;
    try {
      signed.compare(schedule);
      signed.compareRuns(schedule, active);
      return null;
    } catch (error) {
      if (ScheduleAltered.is(error)) return error;
      throw error;
    }
  }

  private async skipHeld(place: TickPlace, next: number | null): Promise<void> {
    const { tenant, scheduleId, tick } = place;
    const reason: SkipReason = 'CONCURRENCY_GROUP_HELD';
    const ticked = await this.dependencies.schedules.skip(place, { last: tick, count: 1, next, reason });
    this.report({ tenant, scheduleId, outcome: ticked === 'done' ? 'skipped' : ticked, tick, reason });
  }

  /**
   * The run, admitted for everyone behind the schedule; null if it differs from what was pinned, in which case the schedule has stopped.
   */
  private async prepared(schedule: Schedule, place: TickPlace, now: number): Promise<NewRun | null> {
    const { objects, submitRun } = this.dependencies;
    const { tenant, scheduleId, pin, inputs, labels } = schedule;
    try {
      const source = await loadSource(objects, tenant, schedule.source);
      return await submitRun.prepare(principalOf(schedule), {
        source,
        inputs,
        labels,
        planHash: pin.planHash,
        receipt: null,
        signatures: [],
        schedule: { scheduleId, profileDigest: pin.profileDigest },
        idempotency: null,
      });
    } catch (error) {
      // A pack, plan or environment that differs from the pinned one. Temporary failures are retried.
      if (!isCodedError(error) || !(SubmitRunError.is(error) || LOST.has(error.code))) throw error;
      await this.stop(schedule, place, error, now);
      return null;
    }
  }

  private async stop(
    schedule: Schedule,
    place: TickPlace,
    error: Pick<CodedError, 'code' | 'message'>,
    at: number,
  ): Promise<void> {
    const { tenant, scheduleId, tick } = place;
    const { code, message } = error;
    // A tick that cannot be shown is stopped at the time of the stop.
    const shown = isStoredTime(tick) ? tick : at;
    const notice = { code, message, tick: shown, found: foundBy(error), at };
    const announcement: JsonObject = {
      type: 'schedule.stopped',
      scheduleId,
      code,
      tick: new Date(shown).toISOString(),
      planHash: schedule.pin.planHash,
    };
    const ticked = await this.dependencies.schedules.stop(place, notice, announcement);
    this.report({ tenant, scheduleId, outcome: ticked === 'done' ? 'stopped' : ticked, tick: shown, reason: code });
  }

  private report(reported: Pick<TickReport, 'tenant' | 'scheduleId' | 'outcome'> & Partial<TickReport>): void {
    this.dependencies.onTick?.({ tick: null, runId: null, reason: null, error: null, ...reported });
  }
}

function foundBy(error: unknown): Pin | null {
  if (!(ProfileMismatch.is(error) || PlanHashMismatch.is(error))) return null;
  const { planHash, profileDigest } = error;
  return profileDigest === null ? null : { planHash, profileDigest };
}

/**
 * The principal of a tick: the schedule's creator, with everyone else behind the schedule as actors. It has no token and only submits a
 * run.
 */
function principalOf(schedule: Schedule): Principal {
  const [creator, ...others] = initiatorsOfSchedule(schedule);
  if (!creator) throw new TypeError('a schedule without a creator');
  return {
    ...creator,
    tenant: schedule.tenant,
    name: schedule.creator.name,
    scopes: ['packs.run'],
    grants: [],
    actors: others,
    authTimeMs: null,
    acr: null,
  };
}
