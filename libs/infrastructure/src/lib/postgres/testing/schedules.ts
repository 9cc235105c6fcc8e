import { sha256 } from '@taskrunner/core/canonical';
import type { ScheduleId } from '@taskrunner/core/foundation';
import type { Schedule } from '@taskrunner/core/schedule';
import { tenantA } from './builders';

const ada = { name: 'Ada', actors: [{ iss: 'https://id.test', sub: 'ada', kind: 'person' }] } as const;

/** A schedule that is due every minute, with `next` as its next tick. */
export function aSchedule(scheduleId: ScheduleId, next: number | null, overrides: Partial<Schedule> = {}): Schedule {
  return {
    tenant: tenantA,
    scheduleId,
    name: scheduleId,
    revision: 1,
    timing: {
      cron: '* * * * *',
      timeZone: 'UTC',
      overlap: 'allow',
      catchUp: 'all',
      catchUpWindowMs: 86_400_000,
      until: null,
    },
    source: { kind: 'inline', manifest: 'a: 1', hasLines: true, files: [] },
    inputs: { image: 'app:1' },
    pack: { name: 'demo', version: '1.0.0', contentDigest: sha256('content') },
    pin: { planHash: sha256('plan'), profileDigest: sha256('profile') },
    labels: { team: 'x' },
    creator: ada,
    editor: ada,
    author: ada,
    paused: false,
    stopped: null,
    next,
    createdAt: 1,
    updatedAt: 1,
    record: null,
    ...overrides,
  };
}
