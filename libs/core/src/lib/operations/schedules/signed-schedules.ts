import { canonical } from '../../canonical/canonical';
import type { KeyRing } from '../../evidence/encoding/open-envelope';
import { PAYLOAD_TYPE } from '../../evidence/records/documents';
import type { ScheduleId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Signer } from '../../ports/evidence/signer';
import type { ScheduleStore } from '../../ports/schedules/schedule-store';
import type { Schedule, ScheduleSummary, StoredTick, TickRecord, TickRun } from '../../schedule/schedule';
import { scheduleDigests, scheduleRecord } from '../../schedule/schedule-record';
import { compareSchedule, ScheduleAltered, type ScheduleAlteration } from '../../stored/stored-schedule';
import { misshapenPart, shownAltered } from '../../stored/shown-schedule';
import { isStoredTime, LATEST_STORED_TIME } from '../../stored/stored-time';
import { alteredPartOfTick, isRunOfSchedule, shownAlteredTick } from '../../stored/stored-tick';
import { SCHEDULE_UNSIGNED } from './schedule-error';

interface SignedSchedulesDependencies {
  readonly schedules: ScheduleStore;
  readonly signer: Signer<'admission'>;
  /** Keys that records of schedules are verified with: of this webservice, and those that it had before. */
  readonly keys: KeyRing;
  /** Called for each schedule that was found altered. */
  readonly alarm: (found: ScheduleAlteration) => void;
}

/**
 * Signs what people decide about schedules, and compares every schedule that is shown, edited or run with what was signed (ADR 85). The
 * rows of the store are not believed by anybody else.
 */
export class SignedSchedules {
  constructor(private readonly dependencies: SignedSchedulesDependencies) {}

  /** The schedule with its record. */
  async sign(schedule: Schedule): Promise<Schedule> {
    const record = scheduleRecord(schedule, scheduleDigests(schedule));
    const payload = canonical(record as unknown as Json);
    const envelope = await this.dependencies.signer.sign(PAYLOAD_TYPE.schedule, payload);
    return { ...schedule, record: envelope as unknown as JsonObject };
  }

  /** Compares a schedule that has a record. Raises an alarm and throws `ScheduleAltered` if it was altered. */
  compare(schedule: Schedule | ScheduleSummary): void {
    try {
      compareSchedule(schedule, this.dependencies.keys);
    } catch (error) {
      if (ScheduleAltered.is(error)) for (const found of error.all) this.dependencies.alarm(found);
      throw error;
    }
  }

  /**
   * Compares active runs that the history names with their signed admissions, before a tick skips for them or replaces them. Raises an alarm
   * and throws `ScheduleAltered` if one of them is not the schedule's.
   */
  compareRuns({ tenant, scheduleId }: Pick<Schedule, 'tenant' | 'scheduleId'>, active: readonly TickRun[]): void {
    const { keys } = this.dependencies;
    const stray = active.find((run) => !isRunOfSchedule({ tenant, scheduleId }, run, keys));
    if (stray) throw this.alarmed({ tenant, scheduleId, what: `the line of run ${stray.runId} in the history` });
  }

  /** A schedule to show; null if there is none. Throws `ScheduleAltered`. */
  async find(tenant: TenantId, scheduleId: ScheduleId): Promise<Schedule | null> {
    const found = await this.dependencies.schedules.find(tenant, scheduleId);
    return found && this.shown(found);
  }

  /**
   * As `ScheduleStore.list`. Those that were altered are shown as stopped, each with an alarm: somebody must be able to see them, and one of
   * them must not take the list away.
   */
  async list(tenant: TenantId, limit: number, before: ScheduleId | null): Promise<readonly ScheduleSummary[]> {
    return (await this.dependencies.schedules.list(tenant, limit, before)).map((one) => {
      try {
        return this.shown(one);
      } catch (error) {
        if (!ScheduleAltered.is(error)) throw error;
        return shownAltered(one, error.message);
      }
    });
  }

  /**
   * Lines of the history, newest first; null if there is no such schedule. An altered line is shown without its run and with the reason
   * `SCHEDULE_ALTERED`, with an alarm. A line without a place, because its time is none, is left out, with an alarm too.
   */
  async ticks(
    tenant: TenantId,
    scheduleId: ScheduleId,
    limit: number,
    before: number | null,
  ): Promise<readonly TickRecord[] | null> {
    const { schedules } = this.dependencies;
    if (!(await schedules.find(tenant, scheduleId))) return null;
    const lines = await schedules.ticks(tenant, scheduleId, limit, before);
    const shown = lines.flatMap((line) => this.shownTick({ tenant, scheduleId }, line));
    // Times after the last that can be shown come first. The page goes on below them.
    if (!lines.some(({ first }) => first > LATEST_STORED_TIME)) return shown;
    const below = await schedules.ticks(tenant, scheduleId, limit, LATEST_STORED_TIME + 1);
    return below.flatMap((line) => this.shownTick({ tenant, scheduleId }, line));
  }

  private shownTick(place: { readonly tenant: TenantId; readonly scheduleId: ScheduleId }, tick: StoredTick) {
    const part = alteredPartOfTick(place, tick);
    const { admission: _, ...line } = tick;
    if (part === null) return [line];
    this.alarmed({ ...place, what: `${part} of a line in the history` });
    return isStoredTime(tick.first) ? [shownAlteredTick(tick)] : [];
  }

  private alarmed(found: ScheduleAlteration): ScheduleAltered {
    this.dependencies.alarm(found);
    return new ScheduleAltered([found]);
  }

  private shown<Shown extends ScheduleSummary>(schedule: Shown): Shown {
    if (schedule.record !== null) {
      this.compare(schedule);
      return schedule;
    }
    const what = misshapenPart(schedule);
    if (what !== null) {
      throw this.alarmed({ tenant: schedule.tenant, scheduleId: schedule.scheduleId, what });
    }
    if (schedule.stopped !== null) return schedule;
    // Its next tick will stop it.
    const { code, message } = SCHEDULE_UNSIGNED;
    const { next, updatedAt } = schedule;
    return { ...schedule, next: null, stopped: { code, message, tick: next ?? updatedAt, found: null, at: updatedAt } };
  }
}
