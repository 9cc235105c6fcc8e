import type { Gate } from '@taskrunner/client';
import { decisionNoun, decisionParticiple, endWords, statusWord } from './override';

const gate = (status: string, isOverride: boolean): Gate =>
  ({
    status,
    why: null,
    policy: null,
    request: { policy: isOverride ? { id: 'late', level: 'soft-mandatory' } : null },
  }) as never;

it.each([
  ['open', 'open', 'open'],
  ['approved', 'approved', 'overridden'],
  ['rejected', 'rejected', 'override rejected'],
  ['expired', 'expired', 'not overridden (expired)'],
  ['closed', 'closed without a decision', 'not overridden (closed)'],
])('a gate that is %s is called %s; where a policy denied, %s', (status, plain, override) => {
  expect([statusWord(gate(status, false)), statusWord(gate(status, true))]).toEqual([plain, override]);
});

it('the end of a gate is a sentence', () => {
  expect(endWords(gate('approved', false))).toBe('The gate is approved');
  expect(['approved', 'rejected', 'expired'].map((status) => endWords(gate(status, true)))).toEqual([
    'The denial is overridden',
    'The override is rejected',
    'The denial is not overridden (expired)',
  ]);
});

it('a decision has one name before, while and after it is made', () => {
  expect([decisionNoun('approved', false), decisionNoun('approved', true)]).toEqual(['approval', 'override']);
  expect([decisionParticiple('approved', false), decisionParticiple('approved', true)]).toEqual([
    'approved',
    'overridden the denial',
  ]);
  expect(decisionNoun('withdrawn', true)).toBe('withdrawal of the override');
  expect(decisionParticiple('rejected', true)).toBe('rejected the override');
});
