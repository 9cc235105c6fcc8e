import { CRASHES_TO_POISON, toClaimedRun, type ClaimedRow } from './claimed-run';

const claimed = (crashes: number) =>
  toClaimedRun({ run_id: '01890000-0000-7000-8000-000000000000', crashes } as unknown as ClaimedRow);

it.each([
  [0, 0, false],
  [1, 1, false],
  [2, 2, true],
  // Workers that die from outside while they hold it do not bring it nearer to its end (`POISON` at three) …
  [3, 2, true],
  [CRASHES_TO_POISON - 1, 2, true],
  // … but not for ever: something may take its worker along each time.
  [CRASHES_TO_POISON, CRASHES_TO_POISON, true],
])('a run that was swept %i times is claimed with %i crashes, in quarantine: %s', (swept, crashes, quarantine) => {
  expect(claimed(swept)).toMatchObject({ crashes, quarantine });
});
