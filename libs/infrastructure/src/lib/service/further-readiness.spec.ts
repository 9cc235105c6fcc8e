import { FurtherReadiness } from './further-readiness';

it('has the parts that were added, by name', async () => {
  const further = new FurtherReadiness();
  expect(further.parts).toEqual({});
  further.add('worker', async () => ({ ready: false, reason: 'the worker is draining' }));
  expect(Object.keys(further.parts)).toEqual(['worker']);
  expect(await further.parts['worker']?.()).toEqual({ ready: false, reason: 'the worker is draining' });
});
