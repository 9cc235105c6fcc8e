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

it('what happens many times at once is reported once', () => {
  let now = 0;
  const outages = new SharedOutages(() => now);
  const said: number[] = [];
  for (now of [0, 1, 2, 9_999, 10_000, 10_001, 30_000])
    outages.first('connection-lost', 10_000, () => void said.push(now));
  expect(said).toEqual([0, 10_000, 30_000]);
});
