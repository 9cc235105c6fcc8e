import type { Schema } from '../operation';
import { actors } from './actors';
import {
  closed,
  digest,
  flag,
  instant,
  link,
  listOf,
  mapOf,
  maybe,
  maybeInstant,
  maybeText,
  object,
  text,
  whole,
} from './shapes';

const party = closed({ id: text, iss: text, name: text, actors });

const schedule = closed(
  {
    scheduleId: text,
    name: text,
    status: { type: 'string', enum: ['active', 'paused', 'stopped', 'over'] },
    cron: text,
    timeZone: text,
    overlap: { type: 'string', enum: ['allow', 'forbid', 'replace'] },
    catchUp: { type: 'string', enum: ['none', 'latest', 'all'] },
    catchUpWindow: text,
    until: maybeInstant,
    paused: flag,
    pack: closed({ name: text, version: text, digest }),
    planHash: digest,
    profileDigest: digest,
    labels: mapOf(text),
    inputs: object,
    creator: party,
    editor: party,
    author: party,
    stopped: maybe(
      closed({
        code: text,
        message: text,
        tick: instant,
        found: maybe(closed({ planHash: digest, profileDigest: digest })),
        at: instant,
      }),
    ),
    nextTick: maybeInstant,
    revision: whole,
    createdAt: instant,
    updatedAt: instant,
    links: closed({ self: link, ticks: link }),
  },
  ['inputs'],
);

/** Schemas of schedules. */
export const SCHEDULE_SCHEMAS = {
  Schedule: schedule,
  ScheduleTick: closed({
    tick: instant,
    lastTick: instant,
    count: whole,
    outcome: { type: 'string', enum: ['ran', 'skipped', 'stopped'] },
    reason: maybeText,
    runId: maybeText,
    decidedAt: instant,
    links: closed({ run: { type: ['string', 'null'], format: 'uri' } }),
  }),
  UpcomingTicks: closed({ timeZone: text, ticks: listOf(closed({ at: instant, local: text })) }),
} satisfies Readonly<Record<string, Schema>>;
