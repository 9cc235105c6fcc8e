import type { RunGate } from '@taskrunner/client';
import { gateEnd, gateText, wasDecided } from './gate-facts';

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
  [
    gate('approved', [decision({ reason: 'urgent' })], { policy: { id: 'late' } }),
    'overridden by Grace. Reason: urgent',
  ],
  [gate('approved', [decision({ reason: 'read the list' })]), 'approved by Grace. Reason: read the list'],
  [
    gate('approved', [
      decision({ reason: 'a' }),
      decision({ person: { sub: 'l', name: null } }),
      decision({ person: { sub: 'h', name: 'Heidi' }, reason: 'b' }),
    ]),
    'approved by Grace and l and Heidi. Reasons: Grace: a; Heidi: b',
  ],
  [gate('rejected', [decision({ decision: 'rejected', reason: 'not today' })]), 'rejected by Grace. Reason: not today'],
  [gate('expired', [], { policy: { id: 'late' } }), 'not overridden (expired)'],
  [
    gate('rejected', [decision({ decision: 'rejected', reason: 'no' })], { policy: { id: 'late' } }),
    'override rejected by Grace. Reason: no',
  ],
  [gate('expired', [], { reason: 'GATE_EXPIRED' }), 'expired (GATE_EXPIRED)'],
  [gate('closed'), 'closed without a decision'],
])('a gate is said to have ended: case %#', (one, said) => expect(gateEnd(one)).toBe(said));

it('is over if people were asked, and it is not open', () => {
  expect([gate('approved'), gate('expired')].every(wasDecided)).toBe(true);
  expect([gate('open'), gate('passed', [], { gateDigest: null }), gate('not_reached')].some(wasDecided)).toBe(false);
});

it('tells somebody who has approved what they can still do', () => {
  const requirement = { grants: ['packs.approve'], selfApproval: false };
  const text = (why: string | null): string =>
    gateText({ approvals: 1, required: 2, canDecide: why === null, why, request: { requirement } } as Parameters<
      typeof gateText
    >[0]);
  expect(text('GATE_ALREADY_COUNTED')).toBe(
    '1 of 2 approvals by people who may approve, but not who requested the run. You have approved. You can withdraw or reject.',
  );
  expect(text('GATE_SELF_APPROVAL')).toMatch(/You cannot decide\.$/);
  expect(text(null)).toMatch(/You can decide\.$/);
});
