import type { GateRequest } from '@taskrunner/core/gate';
import { unapprovedSteps } from './gate-words';

const denied = { request: { policy: { id: 'late' } } as unknown as GateRequest };

it('a step behind a policy is not one that nothing guards', () => {
  const step = (id: string, depth: number, ...needs: readonly string[]) => ({ id, depth, needs });
  const run = {
    plan: {
      ungatedEffects: ['early', 'act', 'fan::act', 'later'],
      steps: [
        step('early', 0),
        step('check', 0, 'early'),
        step('act', 0, 'check'),
        step('fan', 0, 'act'),
        step('fan::first', 1),
        step('fan::act', 1, 'first'),
        step('other', 0),
        step('later', 0, 'other'),
      ],
    },
    policies: [{ gate: 'check' }],
    gates: [{ gate: 'check', outcome: 'approved', ...denied }],
  } as unknown as Parameters<typeof unapprovedSteps>[0];
  expect(unapprovedSteps(run)).toEqual({
    free: ['early', 'later'],
    byPolicy: [
      { step: 'act', gates: ['check (overridden)'] },
      { step: 'fan::act', gates: ['check (overridden)'] },
    ],
  });
});
