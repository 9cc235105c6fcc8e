import { tabStorage } from '../testing/tab-storage';
import { draftName, Drafts } from './draft';

const GRACE = { iss: 'https://id.example.org', sub: 'grace' };
const NOTHING = { text: null, entries: {} };
const written = (text: string) => ({ text, entries: {} });
const listed = (list: string) => ({ text: null, entries: { list } });

it('is found by the same person at the same request only', () => {
  const drafts = new Drafts(tabStorage());
  drafts.keep(draftName(GRACE, 'sha256:1'), { text: 'read it', entries: { window: 'night' } });
  expect(drafts.read(draftName(GRACE, 'sha256:1'))).toEqual({ text: 'read it', entries: { window: 'night' } });
  expect(drafts.read(draftName(GRACE, 'sha256:2'))).toEqual(NOTHING);
  expect(drafts.read(draftName({ ...GRACE, sub: 'linus' }, 'sha256:1'))).toEqual(NOTHING);
});

it('knows a text that was deleted from one that nobody has changed', () => {
  const drafts = new Drafts(tabStorage());
  drafts.keep('a', { text: null, entries: { window: 'night' } });
  expect(drafts.read('a').text).toBeNull();
  drafts.keep('a', written(''));
  expect(drafts.read('a').text).toBe('');
});

it('is forgotten when it was sent, and with the sign-out', () => {
  const storage = tabStorage();
  const drafts = new Drafts(storage);
  storage.setItem('other', '1');
  for (const name of ['a', 'b', 'c']) drafts.keep(name, written(name));
  drafts.forget('a');
  expect(storage).toHaveLength(3);
  drafts.forgetAll();
  expect(storage).toHaveLength(1);
});

it('that cannot be read is none', () => {
  const storage = tabStorage();
  storage.setItem('taskrunner.draft a', '{"text": 7');
  storage.setItem('taskrunner.draft b', '{"text": 7, "entries": {}, "at": 1}');
  storage.setItem('taskrunner.draft c', '{"text": "", "entries": null, "at": 1}');
  const drafts = new Drafts(storage);
  for (const name of ['a', 'b', 'c']) expect(drafts.read(name)).toEqual(NOTHING);
});

it('that is too large is not kept, not even as it was before', () => {
  const storage = tabStorage();
  const drafts = new Drafts(storage);
  expect(drafts.keep('a', listed('x'))).toBe(true);
  expect(drafts.keep('a', listed('x'.repeat(100_000)))).toBe(false);
  expect(drafts.read('a')).toEqual(NOTHING);
  expect(drafts.keep('a', listed('y'))).toBe(true);
  const full = () => {
    throw new DOMException('the storage is full', 'QuotaExceededError');
  };
  expect(new Drafts({ ...storage, setItem: full }).keep('a', written('z'))).toBe(false);
});

it('makes room when there are twenty: the one that was changed longest ago is gone', () => {
  const storage = tabStorage();
  let now = 0;
  const drafts = new Drafts(storage, () => now++);
  for (let number = 1; number <= 20; number++) drafts.keep(`d${number}`, written('x'));
  drafts.keep('d1', written('y'));
  drafts.keep('d21', written('x'));
  expect(storage).toHaveLength(20);
  expect([drafts.read('d1').text, drafts.read('d2').text, drafts.read('d21').text]).toEqual(['y', null, 'x']);
});
