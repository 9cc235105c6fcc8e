import type { Json, JsonObject } from '@taskrunner/core/foundation';
import { BASE, RUN, digest, manifest } from './values';

const SCHEDULE = 'sch_01kb3v2m5t8wq4yhn6z0c7d9eg';

const party = (sub: string, name: string): JsonObject => ({
  id: sub,
  iss: 'https://id.example.org',
  name,
  actors: [{ iss: 'https://id.example.org', sub, kind: 'person' }],
});

/** Examples of schedules. */
export const SCHEDULE_EXAMPLES = {
  schedule: {
    scheduleId: SCHEDULE,
    name: 'nightly-scan',
    status: 'active',
    cron: '30 2 * * MON-FRI',
    timeZone: 'Europe/Berlin',
    overlap: 'forbid',
    catchUp: 'latest',
    catchUpWindow: 'PT21600S',
    until: '2027-11-24T00:00:00.000Z',
    paused: false,
    pack: { name: 'image-remediation', version: '1.4.0', digest: digest('a') },
    planHash: digest('1'),
    profileDigest: digest('2'),
    labels: { team: 'security' },
    inputs: { image: 'app:1' },
    creator: party('u-17', 'Ada'),
    editor: party('u-17', 'Ada'),
    author: party('u-17', 'Ada'),
    stopped: null,
    nextTick: '2026-11-25T01:30:00.000Z',
    revision: 1,
    createdAt: '2026-11-24T10:00:00.000Z',
    updatedAt: '2026-11-24T10:00:00.000Z',
    links: { self: `${BASE}/schedules/${SCHEDULE}`, ticks: `${BASE}/schedules/${SCHEDULE}/ticks` },
  },
  scheduleTick: {
    tick: '2026-11-25T01:30:00.000Z',
    lastTick: '2026-11-25T01:30:00.000Z',
    count: 1,
    outcome: 'ran',
    reason: null,
    runId: RUN,
    decidedAt: '2026-11-25T01:30:00.420Z',
    links: { run: `${BASE}/runs/${RUN}` },
  },
  upcoming: {
    timeZone: 'Europe/Berlin',
    ticks: [{ at: '2026-11-25T01:30:00.000Z', local: '2026-11-25 02:30 GMT+1' }],
  },
  scheduleCreation: {
    name: 'nightly-scan',
    cron: '30 2 * * MON-FRI',
    timeZone: 'Europe/Berlin',
    overlap: 'forbid',
    catchUp: 'latest',
    catchUpWindow: '6h',
    until: '2027-11-24T00:00:00Z',
    manifest,
    inputs: {},
    labels: { team: 'security' },
    planHash: digest('1'),
  },
  scheduleEdit: { cron: '0 3 * * MON-FRI' },
} satisfies Readonly<Record<string, Json>>;
