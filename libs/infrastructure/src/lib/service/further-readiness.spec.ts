import { FurtherReadiness } from './further-readiness';

it('is ready if all parts are, and otherwise says which is not', async () => {
  const further = new FurtherReadiness();
  expect(await further.ready()).toEqual({ ready: true, reason: null });
  further.add(async () => ({ ready: true, reason: null }));
  further.add(async () => ({ ready: false, reason: 'the worker is draining' }));
  expect(await further.ready()).toEqual({ ready: false, reason: 'the worker is draining' });
});
