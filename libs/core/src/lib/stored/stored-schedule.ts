import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import { openEnvelope, type KeyRing } from '../evidence/encoding/open-envelope';
import { PAYLOAD_TYPE } from '../evidence/records/documents';
import { misshapenPart } from './shown-schedule';
import { CodedError, isCodedError } from '../foundation/coded-error';
import type { ScheduleId, TenantId } from '../foundation/ids';
import type { Json, JsonObject } from '../foundation/json';
import type { Schedule, ScheduleSummary } from '../schedule/schedule';
import {
  scheduleDigests,
  scheduleRecord,
  type ScheduleDigests,
  type ScheduleRecord,
} from '../schedule/schedule-record';

/** A row of a schedule and its signed record, where they differ. It contains no value of the schedule. */
export interface ScheduleAlteration {
  readonly tenant: TenantId;
  readonly scheduleId: ScheduleId;
  /** The part that differs. */
  readonly what: string;
}

/** The code of this comparison. */
export type ScheduleAlteredCode = 'SCHEDULE_ALTERED';

/** Rows of schedules that differ from the records that the webservice signed for the people who made them. */
export class ScheduleAltered extends CodedError<ScheduleAlteredCode> {
  static {
    this.brand('ScheduleAltered');
  }

  override readonly name = 'ScheduleAltered';

  constructor(readonly all: readonly [ScheduleAlteration, ...ScheduleAlteration[]]) {
    super(
      'SCHEDULE_ALTERED',
      all.map(({ scheduleId, what }) => `${what} of schedule ${scheduleId} has been altered`).join('; '),
      'Do not rely on this schedule. The operator finds it in the log (event `alarm`). Delete it, and create it again.',
    );
  }
}

/**
 * Compares a schedule with its signed record: the signature, and every part that a person decided. A summary has no pack and inputs; they are
 * then not compared. Throws `ScheduleAltered`, also for a schedule without a record.
 */
export function compareSchedule(schedule: Schedule | ScheduleSummary, keys: KeyRing): void {
  const what = differenceOf(schedule, keys);
  const { tenant, scheduleId } = schedule;
  if (what !== null) throw new ScheduleAltered([{ tenant, scheduleId, what }]);
}

function differenceOf(schedule: Schedule | ScheduleSummary, keys: KeyRing): string | null {
  const signed = signedRecord(schedule.record, keys);
  if (signed === null) return 'the signature';
  const found = foundRecord(schedule, signed as unknown as ScheduleDigests);
  if (found === null) return 'the row';
  if (canonical(found) === canonical(signed)) return misshapenPart(schedule);
  const names = [...new Set([...Object.keys(signed), ...Object.keys(found)])].sort();
  const name = names.find((one) => digestOf(signed[one] ?? null) !== digestOf(found[one] ?? null));
  return `the part ${name ?? ''}`;
}

/** Null: no key of this installation signed it. */
function signedRecord(record: JsonObject | null, keys: KeyRing): JsonObject | null {
  try {
    const { payload } = openEnvelope(record, PAYLOAD_TYPE.schedule, 'admission', keys);
    return JSON.parse(new TextDecoder().decode(payload)) as JsonObject;
  } catch (error) {
    if (isCodedError(error)) return null;
    throw error;
  }
}

/** The record that the row would have; null for values that no record can have. */
function foundRecord(schedule: Schedule | ScheduleSummary, signed: ScheduleDigests): JsonObject | null {
  try {
    const digests = 'source' in schedule ? scheduleDigests(schedule) : signed;
    const found: ScheduleRecord = scheduleRecord(schedule, digests);
    return JSON.parse(canonical(found as unknown as Json)) as JsonObject;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
}
