import { decodeEnvelope } from '../evidence/encoding/envelope';
import { openEnvelope, type KeyRing } from '../evidence/encoding/open-envelope';
import { PAYLOAD_TYPE } from '../evidence/records/documents';
import { readAdmission } from '../evidence/records/read-documents';
import { isCodedError } from '../foundation/coded-error';
import type { ScheduleSummary, StoredTick, TickRecord, TickRun } from '../schedule/schedule';
import { isStoredTime } from './stored-time';

type Place = Pick<ScheduleSummary, 'tenant' | 'scheduleId'>;

/**
 * True if the signed admission of a run names the schedule. A line of the history alone does not show it: whoever can write to the database
 * can point it at any run. The admission does not name the tick.
 */
export function isRunOfSchedule(place: Place, run: TickRun, keys: KeyRing): boolean {
  return names(place, run, () => openEnvelope(run.admission, PAYLOAD_TYPE.admission, 'admission', keys).payload);
}

/**
 * The part of a line that no tick of the schedule has written; null: none. A run that is not there any more is not compared. Signatures are
 * not verified: a line stays longer than the key that admitted its run, and nothing is done because of it.
 */
export function alteredPartOfTick(place: Place, tick: StoredTick): string | null {
  const { first, last, at, count, outcome, reason, runId, admission } = tick;
  if (![first, last, at].every((time) => isStoredTime(time))) return 'a time';
  if (!isCount(count)) return 'the count';
  if (!isOutcome(outcome) || (reason !== null && typeof reason !== 'string')) return 'the outcome';
  if (runId === null || admission === null) return null;
  return names(place, { runId, admission }, () => decodeEnvelope(admission).payload) ? null : 'the run';
}

/** True if the record that `payload` returns names the run and the schedule. */
function names({ tenant, scheduleId }: Place, { runId }: TickRun, payload: () => Uint8Array): boolean {
  try {
    const record = readAdmission(payload());
    return record.tenant === tenant && record.scheduleId === scheduleId && record.runId === runId;
  } catch (error) {
    if (isCodedError(error)) return false;
    throw error;
  }
}

/** What is shown of an altered line, so that the history goes on. Its first time must be one that can be shown: it is its place. */
export function shownAlteredTick({ first, last, at, count, outcome }: StoredTick): TickRecord {
  return {
    first,
    last: isStoredTime(last) ? last : first,
    count: isCount(count) ? count : 1,
    outcome: isOutcome(outcome) ? outcome : 'stopped',
    reason: 'SCHEDULE_ALTERED',
    runId: null,
    at: isStoredTime(at) ? at : first,
  };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isOutcome(value: unknown): boolean {
  return value === 'ran' || value === 'skipped' || value === 'stopped';
}
