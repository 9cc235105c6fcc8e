import { tabStorage } from '../testing/tab-storage';
import { draftName, Drafts } from './draft';

const GRACE = { iss: 'https://id.example.org', sub: 'grace' };

it('is found by the same person at the same request only', () => {
  const drafts = new Drafts(tabStorage());
  drafts.keep(draftName(GRACE, 'sha256:1'), { reason: 'read it' });
  drafts.keep(draftName(GRACE, 'sha256:1'), { entries: { window: 'night' } });
  expect(drafts.read(draftName(GRACE, 'sha256:1'))).toEqual({ reason: 'read it', entries: { window: 'night' } });
  const nothing = { reason: '', entries: {} };
  expect(drafts.read(draftName(GRACE, 'sha256:2'))).toEqual(nothing);
  expect(drafts.read(draftName({ ...GRACE, sub: 'linus' }, 'sha256:1'))).toEqual(nothing);
});

it('is forgotten with the decision, and with the sign-out', () => {
  const storage = tabStorage();
  const drafts = new Drafts(storage);
  storage.setItem('other', '1');
  for (const name of ['a', 'b', 'c']) drafts.keep(name, { reason: name });
  drafts.forget('a');
  expect(storage).toHaveLength(3);
  drafts.forgetAll();
  expect(storage).toHaveLength(1);
});

it('that cannot be read is none', () => {
  const storage = tabStorage();
  storage.setItem('taskrunner.draft a', '{"reason": 7');
  storage.setItem('taskrunner.draft b', '{"reason": 7, "entries": null}');
  const drafts = new Drafts(storage);
  expect([drafts.read('a').reason, drafts.read('b').reason]).toEqual(['', '']);
});
