import { canonical, sha256 } from '@taskrunner/core/canonical';
import type { Json } from '@taskrunner/core/foundation';
import { checkChain } from '@taskrunner/core/journal';
import { digestBytes } from '../encoding/digest-bytes';
import { packedPage } from '../encoding/packed-page';
import { CRASHES_TO_POISON, toClaimedRun, toPage, type ClaimedRow } from './claimed-run';

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

describe('a stored page', () => {
  const entries: Json = [{ at: 1, event: { type: 'run.started' }, seq: 1 }];
  const hash = sha256('admission');
  const stored = (text: string) => {
    const over = sha256(`${hash}\n1\n${canonical(entries)}`);
    return toPage({
      first_seq: 1,
      content: packedPage({ entries: text, held: null }),
      prev: digestBytes(hash),
      hash: digestBytes(over),
      mac: Buffer.alloc(32),
    });
  };
  const broken = (page: ReturnType<typeof stored>) => checkChain({ seq: 0, hash }, [page]).broken;

  it('follows the chain, also if it is checked again', () => {
    const page = stored(canonical(entries));
    expect([broken(page), broken(page)]).toEqual([null, null]);
    expect(page.entries).toEqual(entries);
  });

  it.each([
    ['says something else', canonical(entries).replace('run.started', 'run.starved')],
    ['is spelled otherwise', JSON.stringify(entries, null, 1)],
    ['has a member twice', canonical(entries).replace('"at":1', '"at":2,"at":1')],
    ['is not JSON', '['],
  ])('breaks it if its text %s', (_, text) => {
    const page = stored(text);
    const found = { first: 1, reason: 'hash' };
    expect([broken(page), broken(page)]).toEqual([found, found]);
  });
});
