import { digestOf } from '@taskrunner/core/canonical';
import { earlierResponse, formOfGate } from './form-of-gate';

const [near, deep] = [{ type: 'object' }, { type: 'object', required: ['window'] }];
const plan = {
  graph: {
    nodes: [
      { kind: 'gate', id: 'a', form: near },
      { kind: 'gate', id: 'b', form: null },
      { kind: 'map', body: { nodes: [{ kind: 'pack', body: { nodes: [{ kind: 'gate', form: deep }] } }] } },
    ],
  },
};

it('is the form in the plan with the digest that the request names', async () => {
  expect(await formOfGate(plan, digestOf(near))).toEqual(near);
  expect(await formOfGate(plan, digestOf(deep))).toEqual(deep);
  expect(await formOfGate(plan, digestOf({}))).toBeNull();
});

it('has the response of the approval that counts', () => {
  const withdrawn = { decision: 'approved', withdrawn: true, response: { a: 1 } };
  const approved = { decision: 'approved', withdrawn: false, response: { a: 2 } };
  expect(earlierResponse([withdrawn, approved])).toEqual({ a: 2 });
  expect(earlierResponse([withdrawn])).toBeNull();
});
