import type { GateRequest } from '../../gate/gate-request';
import { decisionWord, outcomeWord } from './gate-words';

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
  expect(decisionWord('withdrawn', denied)).toBe('withdrawn');
});
