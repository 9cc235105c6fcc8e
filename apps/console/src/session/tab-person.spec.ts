import { tabStorage } from '../testing/tab-storage';
import { personBefore } from './tab-person';

const GRACE = { iss: 'https://id.example.org', sub: 'grace', name: 'Grace' };
const LINUS = { ...GRACE, sub: 'linus', name: 'Linus' };

it('is told when a tab becomes that of another person, once', () => {
  const storage = tabStorage();
  expect(personBefore(GRACE, storage)).toBeNull();
  expect(personBefore({ ...GRACE, name: 'Grace H.' }, storage)).toBeNull();
  expect(personBefore(LINUS, storage)).toMatchObject({ sub: 'grace', name: 'Grace H.' });
  expect(personBefore(LINUS, storage)).toBeNull();
  expect(personBefore({ ...LINUS, iss: 'https://other.example.org' }, storage)).toMatchObject({ sub: 'linus' });
});

it('does not fail on what another program has stored', () => {
  const storage = tabStorage();
  storage.setItem('taskrunner.person', '{"iss": 7');
  expect(personBefore(GRACE, storage)).toBeNull();
});
