import { endCause } from './end-cause';

it('is said of steps that the end of a run left out, unless somebody cancelled it', () => {
  expect(endCause('RUN_CANCELLED', 'GATE_REJECTED')).toBe(' because the run was ending (GATE_REJECTED)');
  expect(endCause('RUN_CANCELLED', 'RUN_CANCELLED')).toBe('');
  expect(endCause('RUN_CANCELLED', null)).toBe('');
  expect(endCause('WHEN_FALSE', 'GATE_REJECTED')).toBe('');
  expect(endCause(null, 'GATE_REJECTED')).toBe('');
});
