import { sameJson } from '../../canonical/same-json';
import { decodeEnvelope } from '../../evidence/encoding/envelope';
import type { Digest, ScheduleId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import type { Calendar } from '../../ports/schedules/calendar';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { Kept, ScheduleStore } from '../../ports/schedules/schedule-store';
import type { Party, Pin, Schedule } from '../../schedule/schedule';
import type { Timing } from '../../schedule/timing';
import { initiatorsOf } from '../submission/admission-record';
import type { AdmissiblePack } from '../packs/admissible-pack';
import { auditedCaller } from '../callers/audited-caller';
import type { PackSource } from '../packs/pack-source';
import { ScheduleError, scheduleNotFound, ScheduleUnconfirmed } from './schedule-error';
import { keepSource, loadSource } from '../packs/schedule-source';
import { firstTick } from './schedule-timing';
import type { SignedSchedules } from './signed-schedules';
import type { SubmitRun } from '../submission/submit-run';

/** A schedule as a caller asks for it. */
export interface WantedSchedule {
  readonly name: string;
  readonly timing: Timing;
  readonly source: PackSource;
  readonly inputs: JsonObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly paused: boolean;
}

/** Changes of an edit. Absent members stay unchanged. */
export type ScheduleEdit = Partial<Omit<WantedSchedule, 'timing'>> & { readonly timing?: Partial<Timing> };

/** What a caller expects; null: nothing. */
export interface ScheduleExpectation {
  readonly planHash: Digest | null;
  readonly profileDigest: Digest | null;
  /** Revision that the caller has read. */
  readonly revision: number | null;
}

interface KeepSchedulesDependencies {
  readonly schedules: ScheduleStore;
  readonly signed: Pick<SignedSchedules, 'sign' | 'compare'>;
  readonly objects: ObjectStore;
  readonly submitRun: Pick<SubmitRun, 'check'>;
  readonly calendar: Calendar;
  readonly limits: {
    /** Schedules of one tenant. */
    readonly maxPerTenant: number;
    /** Longest catch-up window. Milliseconds. */
    readonly catchUpWindowMs: number;
  };
}

const ROUNDS = 5;

/** Creates, edits and deletes schedules. Each edit plans the pack again and pins the result. Throws `ScheduleError`, `SubmitRunError`. */
export class KeepSchedules {
  constructor(private readonly dependencies: KeepSchedulesDependencies) {}

  async create(principal: Principal, wanted: WantedSchedule, expected: ScheduleExpectation): Promise<Schedule> {
    const { schedules, signed, objects, calendar, limits } = this.dependencies;
    const { at, scheduleId } = await schedules.stamp();
    const { name, timing, source, inputs, labels, paused } = wanted;
    const next = firstTick(timing, at, limits.catchUpWindowMs, calendar);
    const planning = await this.check(principal, { scheduleId, source, inputs }, expected);
    const pin = pinOf(planning);
    const party = partyOf(principal);
    const schedule = await signed.sign({
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
      record: null,
    });
    settle(await schedules.create(schedule, limits.maxPerTenant, audited('schedule.created', principal, schedule)));
    return schedule;
  }

  /**
   * Changes a schedule. The caller becomes its editor, except by pausing it. Missed ticks stay due unless its times change or it resumes
   * after a pause or stop. It then continues with the next tick from now. An edit that changes nothing stores nothing and leaves no entry in the
   * audit chain.
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
      // A tick or another edit came in between.
      if (round === ROUNDS) throw changed();
    }
  }

  private async editOnce(
    principal: Principal,
    scheduleId: ScheduleId,
    edit: ScheduleEdit,
    expected: ScheduleExpectation,
  ): Promise<Schedule | null> {
    const { schedules, signed, objects } = this.dependencies;
    const { tenant } = principal;
    const before = await schedules.find(tenant, scheduleId);
    if (!before) throw scheduleNotFound();
    const isUnsigned = before.record === null;
    if (!isUnsigned) signed.compare(before);
    if (expected.revision !== null && expected.revision !== before.revision) throw changed();
    const { at } = await schedules.stamp();
    const pausesOnly = edit.paused === true && Object.keys(edit).length === 1;
    if (pausesOnly) {
      if (before.paused) return before;
      const paused = { ...before, paused: true, revision: before.revision + 1, updatedAt: at };
      // Nobody has reviewed what an unsigned schedule would run.
      const after = isUnsigned ? paused : await signed.sign(paused);
      const kept = await schedules.replace(after, before.next, audited('schedule.paused', principal, after));
      return settle(kept) ? after : null;
    }
    const source = edit.source ?? (await loadSource(objects, tenant, before.source));
    const inputs = edit.inputs ?? before.inputs;
    const planning = await this.check(principal, { scheduleId, source, inputs }, expected);
    const pin = pinOf(planning);
    const goesOn = edit.paused === false && (before.paused || before.stopped !== null);
    if (((before.stopped && goesOn) || isUnsigned) && !(expected.planHash && expected.profileDigest))
      throw new ScheduleUnconfirmed(pin);
    const party = partyOf(principal);
    const isSame = pin.planHash === before.pin.planHash && pin.profileDigest === before.pin.profileDigest;
    const isNew = edit.source !== undefined || edit.inputs !== undefined;
    const stopped = goesOn ? null : before.stopped;
    // What caused the stop stays pinned until a person confirms the change or supplies another pack.
    const repins = stopped === null || isNew || isUnsigned;
    const timing = { ...before.timing, ...edit.timing };
    const edited: Schedule = {
      ...before,
      name: edit.name ?? before.name,
      timing,
      source: edit.source ? await keepSource(objects, tenant, source, planning) : before.source,
      inputs,
      pack: repins ? packOf(planning) : before.pack,
      pin: repins ? pin : before.pin,
      labels: edit.labels ?? before.labels,
      paused: edit.paused ?? before.paused,
      stopped,
    };
    if (!isUnsigned && sameJson(edited, before)) return before;
    const next = goesOn || !sameJson(timing, before.timing) ? this.first(timing, at) : before.next;
    const after = await signed.sign({
      ...edited,
      revision: before.revision + 1,
      // Who created an unsigned schedule is not known: whoever signs it takes it over.
      creator: isUnsigned ? party : before.creator,
      editor: party,
      author: isUnsigned || isNew || (repins && !isSame) ? party : before.author,
      next: stopped ? null : next,
      updatedAt: at,
    });
    const type = goesOn ? 'schedule.resumed' : 'schedule.edited';
    const kept = await schedules.replace(after, before.next, audited(type, principal, after));
    return settle(kept) ? after : null;
  }

  /** Deletes a schedule with its history. Its runs continue. Returns the schedule as it was. */
  async remove(principal: Principal, scheduleId: ScheduleId): Promise<Schedule> {
    const { schedules } = this.dependencies;
    const schedule = await schedules.find(principal.tenant, scheduleId);
    if (!schedule) throw scheduleNotFound();
    const event = { type: 'schedule.removed', scheduleId, ...auditedCaller(principal) };
    if (!(await schedules.remove(principal.tenant, scheduleId, event))) throw scheduleNotFound();
    return schedule;
  }

  private first(timing: Timing, now: number): number {
    return firstTick(timing, now, this.dependencies.limits.catchUpWindowMs, this.dependencies.calendar);
  }

  /** What a tick would run now. It is refused for every reason for which a submission is refused. */
  private async check(
    principal: Principal,
    { scheduleId, source, inputs }: Pick<Schedule, 'scheduleId' | 'inputs'> & { readonly source: PackSource },
    { planHash, profileDigest }: ScheduleExpectation,
  ): Promise<AdmissiblePack> {
    const schedule = { scheduleId, profileDigest };
    const rest = { receipt: null, labels: {}, signatures: [], idempotency: null };
    return (await this.dependencies.submitRun.check(principal, { source, inputs, planHash, schedule, ...rest }))
      .planning;
  }
}

function partyOf(principal: Principal): Party {
  return { name: principal.name, actors: initiatorsOf(principal) };
}

function pinOf({ planHash, profileDigest }: AdmissiblePack): Pin {
  return { planHash, profileDigest };
}

function packOf({ pack: { name, version, contentDigest } }: AdmissiblePack): Schedule['pack'] {
  return { name, version, contentDigest };
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
    ...(schedule.record !== null && { record: recordDigest(schedule.record) }),
    ...auditedCaller(principal),
  };
}

/** Digest of the signed record, which an auditor compares with the row. */
function recordDigest(record: JsonObject): Json {
  return decodeEnvelope(record).digest;
}

/** False if another process was first. */
function settle(kept: Kept): boolean {
  if (kept.kind === 'kept') return true;
  switch (kept.code) {
    case 'SCHEDULE_NAME_TAKEN':
      throw new ScheduleError(
        kept.code,
        'the tenant already has a schedule with this name',
        'Choose another name, or edit the existing schedule.',
      );
    case 'SCHEDULE_LIMIT':
      throw new ScheduleError(
        kept.code,
        'the tenant has reached its maximum number of schedules',
        'Delete a schedule, or ask the operator to raise scheduler.maxPerTenant.',
      );
    case 'SCHEDULE_CHANGED':
      return false;
  }
}

function changed(): ScheduleError {
  return new ScheduleError(
    'SCHEDULE_CHANGED',
    'the schedule was edited in the meantime',
    'Read the schedule again, then edit it.',
  );
}
