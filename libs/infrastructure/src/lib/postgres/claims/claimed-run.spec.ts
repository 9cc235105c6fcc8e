import { CRASHES_TO_POISON, toClaimedRun, type ClaimedRow } from './claimed-run';

const claimed = (crashes: number) =>
  toClaimedRun({ run_id: '01890000-0000-7000-8000-000000000000', crashes } as unknown as ClaimedRow);

it.each([
  [0, 0, false],
  [1, 1, false],
  [2, 2, true],
  // Deaths of workers with an external cause do not bring the run nearer to its end (`POISON` at three) …
  [3, 2, true],
  [CRASHES_TO_POISON - 1, 2, true],
  // … but not without limit, because the run may be the cause each time.
  [CRASHES_TO_POISON, CRASHES_TO_POISON, true],
])('a run that was swept %i times is claimed with %i crashes, in quarantine: %s', (swept, crashes, quarantine) => {
  expect(claimed(swept)).toMatchObject({ crashes, quarantine });
});
