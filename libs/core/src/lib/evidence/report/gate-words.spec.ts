import type { GateRequest } from '../../gate/gate-request';
import type { ReportedDecision } from './report';
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
