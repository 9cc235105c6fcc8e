import { beginningsOf, rerunBody, sensitiveInputs } from './rerun-choice';

it('begins at failed steps only where a step can have failed', () => {
  expect(beginningsOf({ status: 'succeeded' })).toEqual(['start', 'step']);
  expect(beginningsOf({ status: 'cancelled' })).toEqual(['failed', 'start', 'step']);
});

it('is asked for with the step that was named, and the secrets that were entered', () => {
  expect(rerunBody({ from: 'failed', step: 'scan', sensitive: {} })).toEqual({ from: 'failed' });
  const sensitive = { token: 'abc', other: '' };
  expect(rerunBody({ from: 'step', step: ' scan ', sensitive })).toEqual({ from: 'scan', sensitive: { token: 'abc' } });
});

it('needs what the plan does not contain', () => {
  const inputs = { token: { sensitive: true }, region: 'eu', shape: { sensitive: true, more: 1 } };
  expect(sensitiveInputs({ inputs })).toEqual(['token']);
  expect(sensitiveInputs({})).toEqual([]);
});
