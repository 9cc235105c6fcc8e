import { sha256 } from '../canonical/digest';
import { isJsonArray, isJsonObject, type Json } from '../foundation/json';
import { isDigest } from '../foundation/ids';
import type { Party, ScheduleSummary } from '../schedule/schedule';
import { isStoredTime, isStoredTimeOrNull } from './stored-time';

const NO_DIGEST = sha256('');
const NOBODY: Party = { name: '', actors: [] };

/** The part of a schedule that cannot be shown, because no row of the product has such a value; null: none. */
export function misshapenPart(schedule: ScheduleSummary): string | null {
  const { timing, stopped, next, createdAt, updatedAt } = schedule;
  if (!isStoredTimeOrNull(next)) return 'the next tick';
  if (stopped !== null && !isNotice(stopped as unknown as Json)) return 'the reason of the stop';
  const times = [isStoredTime(createdAt), isStoredTime(updatedAt), isStoredTimeOrNull(timing.until)];
  if (times.includes(false) || !isSpan(timing.catchUpWindowMs)) return 'a time';
  if (![schedule.creator, schedule.editor, schedule.author].every((party) => isParty(party as unknown as Json)))
    return 'a person';
  const shapes = [isPack(schedule.pack), isJsonObject(schedule.labels)];
  return shapes.includes(false) ? 'the row' : null;
}

/**
 * What is shown in a list of an altered schedule, so that the list goes on: it has stopped, and parts that cannot be shown are empty. None
 * of its parts can be relied on.
 */
export function shownAltered(schedule: ScheduleSummary, message: string): ScheduleSummary {
  const { timing, pin, creator, editor, author, pack, labels } = schedule;
  const createdAt = isStoredTime(schedule.createdAt) ? schedule.createdAt : 0;
  const at = isStoredTime(schedule.updatedAt) ? schedule.updatedAt : createdAt;
  const shown = (party: Party): Party => (isParty(party as unknown as Json) ? party : NOBODY);
  return {
    ...schedule,
    timing: {
      ...timing,
      until: isStoredTimeOrNull(timing.until) ? timing.until : null,
      catchUpWindowMs: isSpan(timing.catchUpWindowMs) ? timing.catchUpWindowMs : 0,
    },
    pack: isPack(pack) ? pack : { name: '', version: '', contentDigest: NO_DIGEST },
    pin: {
      planHash: isDigest(pin.planHash) ? pin.planHash : NO_DIGEST,
      profileDigest: isDigest(pin.profileDigest) ? pin.profileDigest : NO_DIGEST,
    },
    labels: isJsonObject(labels) ? labels : {},
    creator: shown(creator),
    editor: shown(editor),
    author: shown(author),
    stopped: { code: 'SCHEDULE_ALTERED', message, tick: at, found: null, at },
    next: null,
    createdAt,
    updatedAt: at,
  };
}

function isSpan(value: unknown): boolean {
  return isStoredTime(value);
}

function isNotice(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  const { code, message, tick, at, found = null } = value;
  const isText = typeof code === 'string' && typeof message === 'string';
  return isText && isStoredTime(tick) && isStoredTime(at) && (found === null || isJsonObject(found));
}

function isParty(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  const { name, actors } = value;
  return (
    typeof name === 'string' && actors !== undefined && isJsonArray(actors) && actors.every((one) => isJsonObject(one))
  );
}

function isPack(value: Json): boolean {
  return isJsonObject(value) && ['name', 'version', 'contentDigest'].every((name) => typeof value[name] === 'string');
}
