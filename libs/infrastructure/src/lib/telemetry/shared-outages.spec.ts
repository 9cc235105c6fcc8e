import { SharedOutages } from './shared-outages';

it('an outage that two parts find is reported once, and its end when both see it', () => {
  const outages = new SharedOutages();
  const said: string[] = [];
  const note = (name: string, isAway: boolean): void =>
    outages.note(name, isAway, () => void said.push(`${name} ${isAway ? 'away' : 'back'}`));
  note('objects', true);
  note('objects', true);
  note('database', true);
  note('objects', false);
  note('objects', false);
  note('objects', true);
  expect(said).toEqual(['objects away', 'database away', 'objects back', 'objects away']);
});
