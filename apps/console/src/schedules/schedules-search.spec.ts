import type { Schedule } from '@taskrunner/client';
import { readSchedulesSearch, schedulesWith } from './schedules-search';

it('is read from an address, and leaves out what is no filter', () => {
  expect(readSchedulesSearch({ q: 7, status: 'paused' })).toEqual({ q: '7', status: 'paused' });
  expect(readSchedulesSearch({ q: ' ', status: 'lost' })).toEqual({});
});

it('finds schedules by name, pack and status', () => {
  const one = (name: string, pack: string, status: string) => ({ name, pack: { name: pack }, status }) as Schedule;
  const all = [one('nightly', 'review', 'active'), one('weekly', 'drift', 'stopped')];
  expect(schedulesWith(all, { q: 'DRIFT' }).map(({ name }) => name)).toEqual(['weekly']);
  expect(schedulesWith(all, { q: 'i', status: 'active' }).map(({ name }) => name)).toEqual(['nightly']);
});
