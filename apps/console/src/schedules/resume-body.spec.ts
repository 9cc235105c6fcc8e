import type { Schedule } from '@taskrunner/client';
import { resumeBody } from './resume-body';

const pinned = { planHash: 'sha256:1', profileDigest: 'sha256:2' };
const schedule = (stopped: object | null) => ({ ...pinned, stopped }) as Schedule;

it('of a paused schedule confirms nothing', () => {
  expect(resumeBody(schedule(null))).toEqual({ paused: false });
});

it('of a stopped schedule confirms what was found when it stopped', () => {
  const found = { planHash: 'sha256:3', profileDigest: 'sha256:4' };
  expect(resumeBody(schedule({ found }))).toEqual({ paused: false, ...found });
  expect(resumeBody(schedule({ found: null }))).toEqual({ paused: false, ...pinned });
});
