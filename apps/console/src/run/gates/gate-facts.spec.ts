import type { RunGate } from '@taskrunner/client';
import { gateEnd, wasDecided } from './gate-facts';

const decision = (more: object) => ({
  decision: 'approved',
  withdrawn: false,
  reason: null,
  person: { sub: 'g', name: 'Grace' },
  ...more,
});
const gate = (status: string, decisions: readonly object[] = [], more: object = {}): RunGate =>
  ({ status, decisions, policy: null, gateDigest: 'sha256:1', reason: null, ...more }) as unknown as RunGate;

it.each([
  [gate('approved', [decision({})]), 'approved by Grace'],
  [gate('approved', [decision({ withdrawn: true }), decision({ person: { sub: 'l', name: null } })]), 'approved by l'],
  [gate('approved', [decision({})], { policy: { id: 'late' } }), 'overridden by Grace'],
  [gate('rejected', [decision({ decision: 'rejected', reason: 'not today' })]), 'rejected by Grace: not today'],
  [gate('expired', [], { policy: { id: 'late' } }), 'not overridden (expired)'],
  [
    gate('rejected', [decision({ decision: 'rejected', reason: 'no' })], { policy: { id: 'late' } }),
    'override rejected by Grace: no',
  ],
  [gate('expired', [], { reason: 'GATE_EXPIRED' }), 'expired (GATE_EXPIRED)'],
  [gate('closed'), 'closed without a decision'],
])('a gate is said to have ended: case %#', (one, said) => expect(gateEnd(one)).toBe(said));

it('is over if people were asked, and it is not open', () => {
  expect([gate('approved'), gate('expired')].every(wasDecided)).toBe(true);
  expect([gate('open'), gate('passed', [], { gateDigest: null }), gate('not_reached')].some(wasDecided)).toBe(false);
});
