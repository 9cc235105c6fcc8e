import type { GateRequest } from '../../gate/gate-request';
import type { ReportedDecision } from './report';
import { unapprovedSteps } from './unapproved-steps';
import { countedApprovals, decisionNote, decisionWord, outcomeWord } from './gate-words';

const plain = { request: { policy: null } as unknown as GateRequest };
const denied = { request: { policy: { id: 'late' } } as unknown as GateRequest };

it('an approval at a denied gate is an override', () => {
  expect(outcomeWord({ ...plain, outcome: 'approved' })).toBe('approved');
  expect(outcomeWord({ request: null, outcome: 'approved' })).toBe('approved');
  expect(outcomeWord({ ...denied, outcome: 'approved' })).toBe('overridden');
  expect(outcomeWord({ ...denied, outcome: 'rejected' })).toBe('override rejected');
  expect(outcomeWord({ ...denied, outcome: 'expired' })).toBe('not overridden (expired)');
  expect([decisionWord('approved', plain), decisionWord('approved', denied)]).toEqual([
    'approved',
    'overrode the denial',
  ]);
  expect(decisionWord('withdrawn', denied)).toBe('withdrew the override');
  expect(decisionWord('rejected', denied)).toBe('rejected the override');
  expect(decisionWord('withdrawn', plain)).toBe('withdrew');
});

it('an approval that was withdrawn does not count, and is marked', () => {
  const by = (sub: string, decision: ReportedDecision['decision'], withdrawn = false, counted = true) => {
    return { person: { iss: 'i', sub }, decision, counted, withdrawn } as ReportedDecision;
  };
  const request = { requirement: { minApprovals: 2 } } as GateRequest;
  const decisions = [
    by('grace', 'approved', true),
    by('grace', 'withdrawn'),
    by('linus', 'approved'),
    by('grace', 'approved'),
    by('ada', 'approved', false, false),
  ];
  expect(decisions.map(decisionNote)).toEqual([' (withdrawn later)', '', '', '', ' (did not count)']);
  expect(countedApprovals({ decisions, request })).toEqual({
    people: [
      { iss: 'i', sub: 'linus' },
      { iss: 'i', sub: 'grace' },
    ],
    number: '2 of 2',
  });
  expect(countedApprovals({ decisions: decisions.slice(0, 2), request })).toEqual({ people: [], number: '0 of 2' });
  expect(countedApprovals({ decisions: [by('grace', 'rejected')], request })).toBeNull();
});

describe('steps without an approval gate', () => {
  const step = (id: string, depth: number, ...needs: readonly string[]) => ({ id, depth, needs });
  const run = (policies: readonly object[], gates: readonly object[]) =>
    ({
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
      policies,
      gates,
    }) as unknown as Parameters<typeof unapprovedSteps>[0];
  const NOTHING = 'Steps with effects that neither an approval gate nor a policy stands before';
  const OVERRODE = 'Steps with effects behind a policy whose denial people overrode';
  const POLICY = 'Steps with effects behind a policy, which asks people only if it denies';
  const free = { text: NOTHING, steps: ['early', 'later'].map((one) => ({ step: one, gates: [] })) };
  const behind = (text: string, end: string) => {
    return { text, steps: ['act', 'fan::act'].map((one) => ({ step: one, gates: [`check (${end})`] })) };
  };

  it('are told apart by what stands before them: nothing, a policy, or a policy whose denial people overrode', () => {
    const judged = [{ gate: 'check', result: 'deny' }];
    const asked = [{ gate: 'check', outcome: 'approved', ...denied }];
    expect(unapprovedSteps(run(judged, asked))).toEqual([free, behind(OVERRODE, 'overridden')]);
    const allowed = [{ gate: 'check', result: 'allow' }];
    expect(unapprovedSteps(run(allowed, []))).toEqual([free, behind(POLICY, 'allow')]);
    expect(unapprovedSteps(run([], []))).toEqual([
      { text: NOTHING, steps: ['early', 'act', 'fan::act', 'later'].map((one) => ({ step: one, gates: [] })) },
    ]);
  });

  it('are decided by people only if every policy at the place was overridden', () => {
    const judged = [
      { gate: 'check[0]', result: 'deny' },
      { gate: 'check[1]', result: 'allow' },
    ];
    const asked = [{ gate: 'check[0]', outcome: 'approved', ...denied }];
    expect(unapprovedSteps(run(judged, asked))).toEqual([free, behind(POLICY, 'allow or overridden')]);
  });
});
