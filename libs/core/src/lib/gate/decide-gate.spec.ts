import { digestOf } from '../canonical/digest';
import { decideGate } from './decide-gate';
import type { GateDecision, GateState } from './gate-state';

const person = (sub: string, iss = 'https://id.test') => ({ iss, sub });
const gate: GateState = {
  gateDigest: digestOf('gate'),
  planHash: digestOf('plan'),
  requirement: { approval: 'owners', grants: ['role:lead'], minApprovals: 2, selfApproval: false },
  expiresAt: 1_000,
  executeBy: 2_000,
  initiators: [person('ada')],
  approvals: [],
};
const decision: GateDecision = {
  decisionId: 'd1',
  gateDigest: gate.gateDigest,
  planHash: gate.planHash,
  decision: 'approved',
  person: person('grace'),
  onBehalfOf: null,
  grants: ['packs.approve', 'role:lead'],
  decidedAt: 500,
};
const counted: GateState = { ...gate, approvals: [{ decisionId: 'd0', persons: [person('linus')] }] };

describe('decideGate', () => {
  it.each<[string, Partial<GateDecision>, Partial<GateState>, number, string]>([
    ['counts', {}, {}, 500, 'counted'],
    ['approves when it completes the quorum', {}, counted, 500, 'approved'],
    ['takes one rejection as enough', { decision: 'rejected' }, counted, 500, 'rejected'],
    ['refuses another plan', { planHash: digestOf('other') }, {}, 500, 'PLAN_HASH_MISMATCH'],
    ['refuses what was not shown', { gateDigest: digestOf('other') }, {}, 500, 'GATE_STALE'],
    ['refuses at the very moment of expiry', {}, {}, 1_000, 'GATE_EXPIRED'],
    ['refuses an initiator', { person: person('ada') }, {}, 500, 'GATE_SELF_APPROVAL'],
    [
      'refuses a rejection by an initiator',
      { person: person('ada'), decision: 'rejected' },
      {},
      500,
      'GATE_SELF_APPROVAL',
    ],
    ['refuses for an initiator who delegated', { onBehalfOf: person('ada') }, {}, 500, 'GATE_SELF_APPROVAL'],
    [
      'takes the same name at another issuer as another person',
      { person: person('ada', 'https://other.test') },
      {},
      500,
      'counted',
    ],
    [
      'lets an initiator where both sides allow it',
      { person: person('ada') },
      { requirement: { ...gate.requirement, selfApproval: true } },
      500,
      'counted',
    ],
    ['refuses without the grant', { grants: ['packs.approve'] }, {}, 500, 'GATE_GRANT_MISSING'],
    ['counts a person once', { person: person('linus') }, counted, 500, 'GATE_ALREADY_COUNTED'],
    ['uses up the person who delegated too', { onBehalfOf: person('linus') }, counted, 500, 'GATE_ALREADY_COUNTED'],
  ])('%s', (_what, change, state, at, expected) => {
    const verdict = decideGate({ ...gate, ...state }, { ...decision, ...change }, at);
    expect(verdict.kind === 'refused' ? verdict.code : verdict.kind).toBe(expected);
  });

  it('forgets an approval that was withdrawn', () => {
    const verdict = decideGate(counted, { ...decision, person: person('linus'), decision: 'withdrawn' }, 500);
    expect(verdict).toMatchObject({ kind: 'counted', gate: { approvals: [] } });
  });
});
