import { cancelledBy, isCancelled } from './cancelled-by';

const by = { iss: 'i', sub: 'ada', name: 'Ada' };
const cancellation = { by, reason: 'wrong region', force: false, requestedAt: '2026-11-29T18:16:14.956Z' };
const run = (status: string, code: string | null, more: object = {}) =>
  ({ status, error: code === null ? null : { code, stepId: null }, cancellation, ...more }) as never;

it('a run that somebody cancelled is no failure, also while it ends', () => {
  expect(isCancelled(run('cancelled', 'RUN_CANCELLED'))).toBe(true);
  expect(isCancelled(run('cancelling', null))).toBe(true);
});

it('one that had failed before, or of which nobody is known, is one', () => {
  expect(isCancelled(run('failed', 'GATE_REJECTED'))).toBe(false);
  for (const unknown of [null, undefined])
    expect(isCancelled(run('cancelled', 'RUN_CANCELLED', { cancellation: unknown }))).toBe(false);
});

it('its steps say who cancelled it and why', () => {
  const cancelled = run('cancelled', 'RUN_CANCELLED');
  expect(cancelledBy(cancelled, 'RUN_CANCELLED')).toBe('Ada cancelled the run: wrong region');
  expect(
    cancelledBy(
      run('cancelled', 'RUN_CANCELLED', { cancellation: { ...cancellation, by: { ...by, name: null } } }),
      'RUN_CANCELLED',
    ),
  ).toBe('ada cancelled the run: wrong region');
  expect([cancelledBy(cancelled, 'EXIT_3'), cancelledBy(cancelled, null)]).toEqual([null, null]);
  expect(cancelledBy(run('failed', 'GATE_REJECTED'), 'RUN_CANCELLED')).toBeNull();
});
