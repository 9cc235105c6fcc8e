import { digestOf } from '../canonical/digest';
import type { Digest } from '../foundation/ids';
import type { Party, Schedule, ScheduleSummary } from './schedule';

/**
 * Everything that a person decided about a schedule: the document that the webservice signs (docs/predicates/records.md). It has neither
 * the next tick nor the reason of a stop, which the product itself determines.
 */
export interface ScheduleRecord {
  readonly schema: 'taskrunner.schedule.v1';
  readonly scheduleId: string;
  readonly tenant: string;
  readonly name: string;
  readonly revision: number;
  readonly cron: string;
  readonly timeZone: string;
  readonly overlap: string;
  readonly catchUp: string;
  /** Milliseconds. */
  readonly catchUpWindow: number;
  readonly until: string | null;
  readonly pack: ScheduleSummary['pack'];
  /** Digest of the RFC 8785 form of the source, with the digests of its files. */
  readonly sourceDigest: Digest;
  readonly inputsDigest: Digest;
  readonly planHash: Digest;
  readonly profileDigest: Digest;
  readonly labels: Readonly<Record<string, string>>;
  readonly creator: Party;
  readonly editor: Party;
  readonly author: Party;
  readonly paused: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Digests of the parts of a schedule that may be large. */
export type ScheduleDigests = Pick<ScheduleRecord, 'sourceDigest' | 'inputsDigest'>;

/** Throws a `TypeError` for a pack or inputs without an RFC 8785 form. */
export function scheduleDigests({ source, inputs }: Pick<Schedule, 'source' | 'inputs'>): ScheduleDigests {
  return { sourceDigest: digestOf(source), inputsDigest: digestOf(inputs) };
}

/** The record of a schedule. Throws a `RangeError` for a time that has no date. */
export function scheduleRecord(
  schedule: ScheduleSummary,
  { sourceDigest, inputsDigest }: ScheduleDigests,
): ScheduleRecord {
  const { timing, pin } = schedule;
  return {
    schema: 'taskrunner.schedule.v1',
    scheduleId: schedule.scheduleId,
    tenant: schedule.tenant,
    name: schedule.name,
    revision: schedule.revision,
    cron: timing.cron,
    timeZone: timing.timeZone,
    overlap: timing.overlap,
    catchUp: timing.catchUp,
    catchUpWindow: timing.catchUpWindowMs,
    until: timing.until === null ? null : new Date(timing.until).toISOString(),
    pack: schedule.pack,
    sourceDigest,
    inputsDigest,
    planHash: pin.planHash,
    profileDigest: pin.profileDigest,
    labels: schedule.labels,
    creator: schedule.creator,
    editor: schedule.editor,
    author: schedule.author,
    paused: schedule.paused,
    createdAt: new Date(schedule.createdAt).toISOString(),
    updatedAt: new Date(schedule.updatedAt).toISOString(),
  };
}
