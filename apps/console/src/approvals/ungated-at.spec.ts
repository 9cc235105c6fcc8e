import type { Gate } from '@taskrunner/client';
import { ungatedAt } from './ungated-at';

const request = { opens: ['act', 'fan[2]::act'] } as unknown as Gate['request'];

it('are those that do not wait for this gate', () => {
  expect(ungatedAt({ ungatedEffects: ['act', 'fan::act', 'other'], request })).toEqual({
    free: ['other'],
    byPolicy: ['act', 'fan::act'],
  });
  expect(ungatedAt({ ungatedEffects: null, request })).toEqual({ free: [], byPolicy: [] });
});
