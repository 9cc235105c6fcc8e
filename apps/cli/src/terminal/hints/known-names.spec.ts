import { remedyForName } from './known-names';

const WORDS = { are: 'Its steps are', list: 'List its steps with: taskrunner show run_1' };

it.each<[string, readonly string[], string]>([
  ['scna', ['scan', 'apply'], 'Did you mean scan? Its steps are: scan, apply.'],
  ['other', ['scan', 'apply'], 'Its steps are: scan, apply.'],
  ['other', [], 'List its steps with: taskrunner show run_1'],
  [
    'step-77',
    Array.from({ length: 13 }, (_, i) => `step-${i}`),
    'Did you mean step-7? List its steps with: taskrunner show run_1',
  ],
])('the remedy for %s', (name, known, remedy) => {
  expect(remedyForName(name, known, WORDS)).toBe(remedy);
});

it('the remedy where there is no name at all', () => {
  expect(remedyForName('x', [], { ...WORDS, none: 'The run has no steps.' })).toBe('The run has no steps.');
});
