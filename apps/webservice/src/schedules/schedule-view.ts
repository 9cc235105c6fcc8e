import type { JsonObject } from '@taskrunner/core/foundation';
import { printDuration } from '@taskrunner/core/pack';
import type { Party, ScheduleSummary, TickRecord } from '@taskrunner/core/schedule';
import type { PublicUrl } from '../public-url';
import { instant } from '../runs/run-view';

/** A schedule in the form of the API; with its inputs if it is shown individually. */
export function toSchedule(schedule: ScheduleSummary, url: PublicUrl, inputs?: JsonObject): JsonObject {
  const { timing, pack, pin, stopped, scheduleId } = schedule;
  return {
    scheduleId,
    name: schedule.name,
    status: statusOf(schedule),
    cron: timing.cron,
    timeZone: timing.timeZone,
    overlap: timing.overlap,
    catchUp: timing.catchUp,
    catchUpWindow: printDuration(timing.catchUpWindowMs),
    until: timing.until === null ? null : instant(timing.until),
    paused: schedule.paused,
    pack: { name: pack.name, version: pack.version, digest: pack.contentDigest },
    planHash: pin.planHash,
    profileDigest: pin.profileDigest,
    labels: { ...schedule.labels },
    ...(inputs === undefined ? {} : { inputs }),
    creator: toParty(schedule.creator),
    editor: toParty(schedule.editor),
    author: toParty(schedule.author),
    stopped: stopped && {
      code: stopped.code,
      message: stopped.message,
      tick: instant(stopped.tick),
      found: stopped.found && { ...stopped.found },
      at: instant(stopped.at),
    },
    nextTick: schedule.next === null || schedule.paused ? null : instant(schedule.next),
    revision: schedule.revision,
    createdAt: instant(schedule.createdAt),
    updatedAt: instant(schedule.updatedAt),
    links: { self: url.schedule(scheduleId), ticks: url.schedule(scheduleId, '/ticks') },
  };
}

function statusOf({ stopped, paused, next }: ScheduleSummary): 'active' | 'paused' | 'stopped' | 'over' {
  if (stopped) return 'stopped';
  if (next === null) return 'over';
  return paused ? 'paused' : 'active';
}

function toParty({ name, actors }: Party): JsonObject {
  return {
    id: actors[0]?.sub ?? '',
    iss: actors[0]?.iss ?? '',
    name,
    actors: actors.map(({ iss, sub, kind }) => ({ iss, sub, kind })),
  };
}

/** A line of a schedule's history. */
export function toTickView(record: TickRecord, url: PublicUrl): JsonObject {
  return {
    tick: instant(record.first),
    lastTick: instant(record.last),
    count: record.count,
    outcome: record.outcome,
    reason: record.reason,
    runId: record.runId,
    decidedAt: instant(record.at),
    links: { run: record.runId === null ? null : url.run(record.runId) },
  };
}

/** A time in a time zone: `2026-03-29 03:00 GMT+2`. */
export function localTime(ms: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'shortOffset',
  }).formatToParts(ms);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('year')}-${of('month')}-${of('day')} ${of('hour')}:${of('minute')} ${of('timeZoneName')}`;
}
