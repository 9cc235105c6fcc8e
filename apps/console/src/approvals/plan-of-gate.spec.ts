import { digestOf } from '@taskrunner/core/canonical';
import type { Gate } from '@taskrunner/client';
import { hasHash, isPlanOf } from './plan-of-gate';

const answer = { plan: { inputs: { who: 'ops' }, graph: [] }, profile: { defaults: { maxParallel: 3 } } };
const request = {
  planHash: digestOf(answer.plan),
  profileDigest: digestOf(answer.profile),
} as unknown as Gate['request'];

it('is the plan that the request names, with its profile', async () => {
  expect(await isPlanOf(answer, request)).toBe(true);
  expect(await hasHash(answer, request.planHash)).toBe(true);
});

it('is no other plan or profile', async () => {
  expect(await isPlanOf({ ...answer, plan: { ...answer.plan, inputs: { who: 'dev' } } }, request)).toBe(false);
  expect(await isPlanOf({ ...answer, profile: {} }, request)).toBe(false);
  expect(await hasHash({ plan: {} }, request.planHash)).toBe(false);
});
