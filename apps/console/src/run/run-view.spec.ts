import { firstFailure, isOver, nodeOf, readRunSearch } from './run-view';

it('is read from an address, and what is not understood is left out', () => {
  expect(readRunSearch({ tab: 'log', step: 'scan', parent: 'rollout', status: 'failed', line: '120' })).toEqual({
    tab: 'log',
    step: 'scan',
    parent: 'rollout',
    status: 'failed',
    line: 120,
  });
  expect(readRunSearch({ tab: 'other', step: 7, status: 'lost', line: -1 })).toEqual({ step: '7' });
});

it('opens on the first failure of a failed run, and of no other', () => {
  expect(firstFailure({ status: 'failed', error: { stepId: 'scan' } })).toBe('scan');
  expect(firstFailure({ status: 'failed', error: {} })).toBeNull();
  expect(firstFailure({ status: 'running', error: null })).toBeNull();
});

it('knows ends and nodes', () => {
  expect(['failed', 'cancelling'].map(isOver)).toEqual([true, false]);
  expect(nodeOf('rollout[3]::check[0]::test')).toBe('rollout::check::test');
});
