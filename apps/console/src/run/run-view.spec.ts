import { firstFailure, isOver, mapAround, mapOf, nodeOf, readRunSearch } from './run-view';

it('is read from an address, and what is not understood is left out', () => {
  const places = { tab: 'steps', step: 'scan', parent: 'rollout', status: 'failed' };
  expect(readRunSearch(places)).toEqual(places);
  const lines = { tab: 'log', step: 'scan', attempt: 2, level: 'warn', q: 'index' };
  expect(readRunSearch({ ...lines, attempt: '2' })).toEqual(lines);
  expect(readRunSearch({ tab: 'other', step: 7, status: 'lost', attempt: -1, level: 'loud' })).toEqual({ step: '7' });
});

it('opens on the first failure of a failed run, and of no other', () => {
  const error = { code: 'EXIT_1', message: null, attempts: 1, exitCode: 1 };
  expect(firstFailure({ status: 'failed', error: { ...error, stepId: 'scan' } })).toBe('scan');
  expect(firstFailure({ status: 'failed', error: { ...error, stepId: null } })).toBeNull();
  expect(firstFailure({ status: 'running', error: null })).toBeNull();
});

it('knows ends and nodes', () => {
  expect(['failed', 'cancelling'].map(isOver)).toEqual([true, false]);
  expect(nodeOf('rollout[3]::check[0]::test')).toBe('rollout::check::test');
});

it('knows maps, and what is around a step', () => {
  expect(['', 'fan', 'fan[3]', 'fan[3]::inner'].map(mapOf)).toEqual([false, true, false, true]);
  expect(mapAround('a[3]::b[1]')).toEqual(['a', 'a[3]', 'a[3]::b']);
  expect(mapAround('a')).toEqual([]);
});
