import type { Schedule, Schemas } from '@taskrunner/client';

/** The request that resumes a schedule. One that stopped needs a confirmation of what it runs from now on. */
export function resumeBody({ stopped, planHash, profileDigest }: Schedule): Schemas['ScheduleEditBody'] {
  if (stopped === null) return { paused: false };
  const pinned = stopped.found ?? { planHash, profileDigest };
  return { paused: false, planHash: pinned.planHash, profileDigest: pinned.profileDigest };
}
