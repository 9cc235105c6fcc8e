import { digestOf } from '@taskrunner/core/canonical';
import { earlierResponse, formOfGate } from './form-of-gate';

it('is the form that the request names, in the order in which it was sent', async () => {
  const form = { type: 'object', properties: { window: {}, alarm: {} } };
  const sorted = { properties: { alarm: {}, window: {} }, type: 'object' };
  const found = await formOfGate(form, digestOf(sorted));
  expect(JSON.stringify(found)).toBe(JSON.stringify(form));
});

it('is no other form, and none where the server sent none', async () => {
  for (const form of [{ type: 'object' }, null, undefined, []]) expect(await formOfGate(form, digestOf({}))).toBeNull();
});

it('has the response of the approval that counts', () => {
  const withdrawn = { decision: 'approved', withdrawn: true, response: { a: 1 } };
  const approved = { decision: 'approved', withdrawn: false, response: { a: 2 } };
  expect(earlierResponse([withdrawn, approved])).toEqual({ a: 2 });
  expect(earlierResponse([withdrawn])).toBeNull();
});
