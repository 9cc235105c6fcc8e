import { isCodedError, type CodedError } from '../../foundation/coded-error';
import type { RunId, ScheduleId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import type { Calendar } from '../../ports/schedules/calendar';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { NewRun } from '../../ports/runs/run-store';
import type { ScheduleStore, TickPlace } from '../../ports/schedules/schedule-store';
import { decideTick, type SkipReason, type TickLimits } from '../../schedule/decide-tick';
import { initiatorsOfSchedule, type Pin, type Schedule } from '../../schedule/schedule';
import { loadSource } from '../packs/schedule-source';
import type { SubmitRun } from '../submission/submit-run';
import { PlanHashMismatch, ProfileMismatch, SubmitRunError } from '../submission/submit-run-error';

interface RunDueTicksDependencies {
  readonly schedules: ScheduleStore;
  readonly objects: ObjectStore;
  readonly submitRun: Pick<SubmitRun, 'prepare'>;
  readonly calendar: Calendar;
  readonly limits: TickLimits & {
    /** Schedules taken by one look. */
    readonly batch: number;
    /** How long they are this process's alone, milliseconds; afterwards another may try. */
    readonly leaseMs: number;
  };
  /** Told what a tick came to. */
  readonly onTick?: (reported: TickReport) => void;
}

/** What a tick came to, for logs. */
export interface TickReport {
  readonly tenant: TenantId;
  readonly scheduleId: ScheduleId;
  readonly outcome: 'ran' | 'skipped' | 'stopped' | 'taken' | 'failed';
  readonly tick: number | null;
  readonly runId: RunId | null;
  readonly reason: string | null;
  readonly error: unknown;
}

/** Bytes that are not those that were kept. */
const LOST: ReadonlySet<string> = new Set(['OBJECT_MISSING', 'OBJECT_DIGEST_MISMATCH']);

/**
 * Runs what is due, of all tenants. Any number of processes may: a tick is taken in the transaction that creates its run, and only
 * if the schedule still waits for exactly that tick. A process that dies before that leaves nothing behind, and another goes on
 * when its lease is over; one that dies after it has done everything.
 */
export class RunDueTicks {
  constructor(private readonly dependencies: RunDueTicksDependencies) {}

  /** One look. How many schedules were due: none, and it is time to rest. A schedule that fails does not hold up others. */
  async turn(): Promise<number> {
    const { schedules, limits } = this.dependencies;
    const due = await schedules.takeDue(limits.batch, limits.leaseMs);
    for (const { tenant, scheduleId } of due) {
      try {
        await this.tick(tenant, scheduleId);
      } catch (error) {
        // Its lease stays: that is the pause before somebody tries again.
        this.report({ tenant, scheduleId, outcome: 'failed', error });
      }
    }
    return due.length;
  }

  private async tick(tenant: TenantId, scheduleId: ScheduleId): Promise<void> {
    const { schedules, calendar, limits } = this.dependencies;
    const found = await schedules.due(tenant, scheduleId);
    if (!found || found.schedule.next === null || found.schedule.paused || found.schedule.stopped) return;
    const { schedule, now, active } = found;
    const { timing, revision } = schedule;
    const tick = found.schedule.next;
    const nextAfter = (ms: number) => calendar.nextAfter(timing.cron, timing.timeZone, ms);
    const decision = decideTick({ timing, tick, now, active, nextAfter, limits });
    const place: TickPlace = { tenant, scheduleId, revision, tick };
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

  private async skipHeld(place: TickPlace, next: number | null): Promise<void> {
    const { tenant, scheduleId, tick } = place;
    const reason: SkipReason = 'CONCURRENCY_GROUP_HELD';
    const ticked = await this.dependencies.schedules.skip(place, { last: tick, count: 1, next, reason });
    this.report({ tenant, scheduleId, outcome: ticked === 'done' ? 'skipped' : ticked, tick, reason });
  }

  /** The run, admitted for everybody behind the schedule; null if it is not what was pinned: then the schedule has stopped. */
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
      // A pack, plan or environment that is not what was pinned. What may pass by itself is tried again.
      if (!isCodedError(error) || !(SubmitRunError.is(error) || LOST.has(error.code))) throw error;
      await this.stop(schedule, place, error, now);
      return null;
    }
  }

  private async stop(schedule: Schedule, place: TickPlace, error: CodedError, at: number): Promise<void> {
    const { tenant, scheduleId, tick } = place;
    const { code, message } = error;
    const notice = { code, message, tick, found: foundBy(error), at };
    const announcement: JsonObject = {
      type: 'schedule.stopped',
      scheduleId,
      code,
      tick: new Date(tick).toISOString(),
      planHash: schedule.pin.planHash,
    };
    const ticked = await this.dependencies.schedules.stop(place, notice, announcement);
    this.report({ tenant, scheduleId, outcome: ticked === 'done' ? 'stopped' : ticked, tick, reason: code });
  }

  private report(reported: Pick<TickReport, 'tenant' | 'scheduleId' | 'outcome'> & Partial<TickReport>): void {
    this.dependencies.onTick?.({ tick: null, runId: null, reason: null, error: null, ...reported });
  }
}

function foundBy(error: CodedError): Pin | null {
  if (!(ProfileMismatch.is(error) || PlanHashMismatch.is(error))) return null;
  const { planHash, profileDigest } = error;
  return profileDigest === null ? null : { planHash, profileDigest };
}

/** On whose behalf a tick acts: its creator, with everybody else behind it as actors. It has no token; it asks for nothing but a run. */
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
