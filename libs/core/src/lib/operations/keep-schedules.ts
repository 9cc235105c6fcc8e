import type { Digest, ScheduleId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import type { Principal } from '../foundation/principal';
import type { Calendar } from '../ports/calendar';
import type { ObjectStore } from '../ports/object-store';
import type { Kept, ScheduleStore } from '../ports/schedule-store';
import type { Party, Pin, Schedule } from '../schedule/schedule';
import type { Timing } from '../schedule/timing';
import { initiatorsOf } from './admission-record';
import type { PackPlanner } from './pack-planner';
import type { PackSource, PlannedPack } from './pack-source';
import { ScheduleError, scheduleNotFound, ScheduleUnconfirmed } from './schedule-error';
import { keepSource, loadSource } from './schedule-source';
import { firstTick } from './schedule-timing';
import { PlanHashMismatch, SubmitRunError } from './submit-run';

/** A schedule as a caller asks for it. */
export interface WantedSchedule {
  readonly name: string;
  readonly timing: Timing;
  readonly source: PackSource;
  readonly inputs: JsonObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly paused: boolean;
}

/** What an edit changes; what is absent stays as it is. */
export type ScheduleEdit = Partial<Omit<WantedSchedule, 'timing'>> & { readonly timing?: Partial<Timing> };

/** What a caller expects; null: nothing. */
export interface ScheduleExpectation {
  readonly planHash: Digest | null;
  readonly profileDigest: Digest | null;
  /** Revision that the caller has seen. */
  readonly revision: number | null;
}

export interface KeepSchedulesHands {
  readonly schedules: ScheduleStore;
  readonly objects: ObjectStore;
  readonly planner: PackPlanner;
  readonly calendar: Calendar;
  readonly limits: {
    /** Schedules of one tenant. */
    readonly maxPerTenant: number;
    /** Longest catch-up window. Milliseconds. */
    readonly catchUpWindowMs: number;
  };
}

const ROUNDS = 5;

/** Makes, edits and removes schedules. Each edit plans the pack anew and pins what comes out. Throws `ScheduleError`, `SubmitRunError`. */
export class KeepSchedules {
  constructor(private readonly hands: KeepSchedulesHands) {}

  async create(principal: Principal, wanted: WantedSchedule, expected: ScheduleExpectation): Promise<Schedule> {
    const { schedules, objects, calendar, limits } = this.hands;
    const { at, scheduleId } = await schedules.stamp();
    const { name, timing, source, inputs, labels, paused } = wanted;
    const next = firstTick(timing, at, limits.catchUpWindowMs, calendar);
    const planning = this.plan(principal, source, inputs);
    const pin = pinOf(planning);
    comparePin(pin, planning, expected);
    const party = partyOf(principal);
    const schedule: Schedule = {
      tenant: principal.tenant,
      scheduleId,
      name,
      revision: 1,
      timing,
      source: await keepSource(objects, principal.tenant, source, planning),
      inputs,
      pack: packOf(planning),
      pin,
      labels,
      creator: party,
      editor: party,
      author: party,
      paused,
      stopped: null,
      next,
      createdAt: at,
      updatedAt: at,
    };
    settle(await schedules.create(schedule, limits.maxPerTenant, audited('schedule.created', principal, schedule)));
    return schedule;
  }

  /**
   * Changes a schedule. To pause it makes nobody its editor; everything else does. Ticks that were missed stay due unless its
   * times change or it goes on after a pause or stop: then it begins anew, with the next tick from now.
   */
  async edit(
    principal: Principal,
    scheduleId: ScheduleId,
    edit: ScheduleEdit,
    expected: ScheduleExpectation,
  ): Promise<Schedule> {
    for (let round = 1; ; round++) {
      const edited = await this.editOnce(principal, scheduleId, edit, expected);
      if (edited) return edited;
      // A tick came in between, or another edit.
      if (round === ROUNDS) throw changed();
    }
  }

  private async editOnce(
    principal: Principal,
    scheduleId: ScheduleId,
    edit: ScheduleEdit,
    expected: ScheduleExpectation,
  ): Promise<Schedule | null> {
    const { schedules, objects } = this.hands;
    const { tenant } = principal;
    const before = await schedules.find(tenant, scheduleId);
    if (!before) throw scheduleNotFound();
    if (expected.revision !== null && expected.revision !== before.revision) throw changed();
    const { at } = await schedules.stamp();
    const pausesOnly = edit.paused === true && Object.keys(edit).length === 1;
    if (pausesOnly) {
      const after = { ...before, paused: true, revision: before.revision + 1, updatedAt: at };
      const kept = await schedules.replace(after, before.next, audited('schedule.paused', principal, after));
      return settle(kept) ? after : null;
    }
    const source = edit.source ?? (await loadSource(objects, tenant, before.source));
    const inputs = edit.inputs ?? before.inputs;
    const planning = this.plan(principal, source, inputs);
    const pin = pinOf(planning);
    comparePin(pin, planning, expected);
    const goesOn = edit.paused === false && (before.paused || before.stopped !== null);
    if (before.stopped && goesOn && !(expected.planHash && expected.profileDigest)) throw new ScheduleUnconfirmed(pin);
    const party = partyOf(principal);
    const isSame = pin.planHash === before.pin.planHash && pin.profileDigest === before.pin.profileDigest;
    const authored = edit.source !== undefined || edit.inputs !== undefined || !isSame;
    const timing = { ...before.timing, ...edit.timing };
    const after: Schedule = {
      ...before,
      name: edit.name ?? before.name,
      revision: before.revision + 1,
      timing,
      source: edit.source ? await keepSource(objects, tenant, source, planning) : before.source,
      inputs,
      pack: packOf(planning),
      // What stopped it stays pinned as it was until somebody lets it go on.
      pin: before.stopped && !goesOn && !edit.source && !edit.inputs ? before.pin : pin,
      labels: edit.labels ?? before.labels,
      editor: party,
      author: authored ? party : before.author,
      paused: edit.paused ?? before.paused,
      stopped: goesOn ? null : before.stopped,
      next: edit.timing || goesOn ? this.first(timing, at) : before.next,
      updatedAt: at,
    };
    const type = goesOn ? 'schedule.resumed' : 'schedule.edited';
    const kept = await schedules.replace(after, before.next, audited(type, principal, after));
    return settle(kept) ? after : null;
  }

  /** Its runs go on; its history goes with it. The schedule as it was. */
  async remove(principal: Principal, scheduleId: ScheduleId): Promise<Schedule> {
    const { schedules } = this.hands;
    const schedule = await schedules.find(principal.tenant, scheduleId);
    if (!schedule) throw scheduleNotFound();
    const event = { type: 'schedule.removed', scheduleId, person: personOf(principal) };
    if (!(await schedules.remove(principal.tenant, scheduleId, event))) throw scheduleNotFound();
    return schedule;
  }

  private first(timing: Timing, now: number): number {
    return firstTick(timing, now, this.hands.limits.catchUpWindowMs, this.hands.calendar);
  }

  private plan({ tenant }: Principal, source: PackSource, inputs: JsonObject): PlannedPack {
    const planning = this.hands.planner.plan(tenant, source, inputs);
    if (planning.kind === 'planned') return planning;
    const { code, faults } = planning;
    const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
    throw new SubmitRunError(code, `the pack has ${count}`, 'Correct what is listed under errors.', faults);
  }
}

function partyOf(principal: Principal): Party {
  return { name: principal.name, actors: initiatorsOf(principal) };
}

function personOf({ iss, sub }: Principal) {
  return { iss, sub };
}

function pinOf({ planned }: PlannedPack): Pin {
  return { planHash: planned.planHash, profileDigest: planned.profileDigest };
}

function packOf({ planned }: PlannedPack): Schedule['pack'] {
  const { name, version, contentDigest } = planned.plan.pack;
  return { name, version, contentDigest };
}

function comparePin(pin: Pin, { planned }: PlannedPack, expected: ScheduleExpectation): void {
  if (expected.planHash !== null && expected.planHash !== pin.planHash)
    throw new PlanHashMismatch(pin.planHash, planned.receipt, []);
  if (expected.profileDigest === null || expected.profileDigest === pin.profileDigest) return;
  throw new ScheduleError(
    'PROFILE_MISMATCH',
    `the environment of runs here has the digest ${pin.profileDigest}`,
    'Compare the profiles, then name the one of today.',
  );
}

function audited(type: string, principal: Principal, schedule: Schedule): JsonObject {
  const { scheduleId, name, revision, pin, timing, paused } = schedule;
  const { planHash, profileDigest } = pin;
  return {
    type,
    scheduleId,
    name,
    revision,
    planHash,
    profileDigest,
    cron: timing.cron,
    timeZone: timing.timeZone,
    paused,
    person: personOf(principal),
  };
}

/** False if somebody else was first. */
function settle(kept: Kept): boolean {
  if (kept.kind === 'kept') return true;
  switch (kept.code) {
    case 'SCHEDULE_NAME_TAKEN':
      throw new ScheduleError(
        kept.code,
        'the tenant has a schedule of this name',
        'Take another name, or edit that one.',
      );
    case 'SCHEDULE_LIMIT':
      throw new ScheduleError(
        kept.code,
        'the tenant has as many schedules as it may have',
        'Remove one, or ask the operator to raise scheduler.maxPerTenant.',
      );
    case 'SCHEDULE_CHANGED':
      return false;
  }
}

function changed(): ScheduleError {
  return new ScheduleError('SCHEDULE_CHANGED', 'somebody else edited it meanwhile', 'Read it again, then edit it.');
}
