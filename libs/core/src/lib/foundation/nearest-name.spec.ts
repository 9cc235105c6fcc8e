import { nearestName } from './nearest-name';

const known = ['retries', 'needs', 'timeout', 'continueOnError', 'id', 'm'];

it.each([
  ['retires', 'retries'],
  ['need', 'needs'],
  ['Timeout', 'timeout'],
  ['continue_on_error', 'continueOnError'],
  ['continueOnErorr', 'continueOnError'],
  ['ids', 'id'],
  ['schedule', null],
  ['x', null],
  ['', null],
  ['x'.repeat(101), null],
])('%s is probably %s', (name, meant) => {
  expect(nearestName(name, known)).toBe(meant);
});
