import type { Schedule } from '@taskrunner/client';

export const SCHEDULE_STATUSES = [
  'active',
  'paused',
  'stopped',
  'over',
] as const satisfies readonly Schedule['status'][];

/** Which schedules are listed. */
export interface SchedulesSearch {
  /** A text in the name of the schedule or of its pack. */
  readonly q?: string;
  readonly status?: Schedule['status'];
}

export function readSchedulesSearch(search: Readonly<Record<string, unknown>>): SchedulesSearch {
  const value = search['q'];
  const q = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  const status = SCHEDULE_STATUSES.find((one) => one === search['status']);
  return { ...(q === '' ? {} : { q }), ...(status === undefined ? {} : { status }) };
}

/** The schedules that match. */
export function schedulesWith(all: readonly Schedule[], { q = '', status }: SchedulesSearch): readonly Schedule[] {
  const wanted = q.toLowerCase();
  return all.filter(
    (one) =>
      (status === undefined || one.status === status) && `${one.name} ${one.pack.name}`.toLowerCase().includes(wanted),
  );
}
