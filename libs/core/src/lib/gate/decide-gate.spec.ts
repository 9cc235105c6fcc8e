import { digestOf } from '../canonical/digest';
import { decideGate } from './decide-gate';
import type { GateDecision, GateState } from './gate-state';

const person = (sub: string, iss = 'https://id.test') => ({ iss, sub });
const acting = (sub: string) => ({ ...person(sub), kind: 'person' as const });
const program = (sub: string) => ({ ...person(sub), kind: 'client' as const });
const withBot: Partial<GateState> = { requirement: { ...gateRequirement(), actors: [person('bot')] } };
const gate: GateState = {
  gateDigest: digestOf('gate'),
  planHash: digestOf('plan'),
  requirement: gateRequirement(),
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

function gateRequirement() {
  return { approval: 'owners', grants: ['role:lead'], minApprovals: 2, selfApproval: false };
}

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
    ['refuses an initiator who acts for another', { actors: [acting('ada')] }, {}, 500, 'GATE_SELF_APPROVAL'],
    [
      'refuses an initiator behind another actor',
      { actors: [acting('linus'), program('ada')] },
      {},
      500,
      'GATE_SELF_APPROVAL',
    ],
    [
      'refuses a rejection through an initiator',
      { actors: [acting('ada')], decision: 'rejected' },
      {},
      500,
      'GATE_SELF_APPROVAL',
    ],
    ['refuses an actor that is no person', { actors: [program('bot')] }, {}, 500, 'GATE_NOT_A_PERSON'],
    [
      'refuses a withdrawal through one too',
      { actors: [program('bot')], decision: 'withdrawn' },
      counted,
      500,
      'GATE_NOT_A_PERSON',
    ],
    ['takes an actor that is configured', { actors: [program('bot')] }, withBot, 500, 'counted'],
    [
      'refuses one that is configured at another issuer',
      { actors: [{ ...program('bot'), iss: 'https://other.test' }] },
      withBot,
      500,
      'GATE_NOT_A_PERSON',
    ],
    [
      'refuses another one behind it',
      { actors: [program('bot'), program('other')] },
      withBot,
      500,
      'GATE_NOT_A_PERSON',
    ],
    [
      'refuses a configured actor that decides for itself',
      { person: person('bot') },
      withBot,
      500,
      'GATE_NOT_A_PERSON',
    ],
    ['takes a person who acts', { actors: [acting('mary')] }, {}, 500, 'counted'],
    ['counts a person who acted once', { actors: [acting('linus')] }, counted, 500, 'GATE_ALREADY_COUNTED'],
    ['uses up the person who delegated too', { onBehalfOf: person('linus') }, counted, 500, 'GATE_ALREADY_COUNTED'],
  ])('%s', (_what, change, state, at, expected) => {
    const verdict = decideGate({ ...gate, ...state }, { ...decision, ...change }, at);
    expect(verdict.kind === 'refused' ? verdict.code : verdict.kind).toBe(expected);
  });

  it('counts a person once, as who decided and as who acted', () => {
    const first = decideGate(gate, { ...decision, actors: [acting('linus'), program('bot')] }, 500);
    expect(first.kind).toBe('refused');
    const through = decideGate(
      { ...gate, ...withBot },
      { ...decision, actors: [acting('linus'), program('bot')] },
      500,
    );
    if (through.kind !== 'counted') throw new Error(through.kind);
    expect(through.gate.approvals[0]?.persons).toEqual([person('grace'), person('linus')]);
    const again = decideGate(through.gate, { ...decision, decisionId: 'd2', person: person('linus') }, 600);
    expect(again).toEqual({ kind: 'refused', code: 'GATE_ALREADY_COUNTED' });
    const other = { ...decision, decisionId: 'd3', person: person('mary'), actors: [program('bot')] };
    expect(decideGate(through.gate, other, 600).kind).toBe('approved');
  });

  it('forgets no approval of the person through whom another withdraws', () => {
    const both: GateState = {
      ...gate,
      requirement: { ...gate.requirement, minApprovals: 3 },
      approvals: [...counted.approvals, { decisionId: 'd1', persons: [person('grace')] }],
    };
    const verdict = decideGate(both, { ...decision, decision: 'withdrawn', actors: [acting('linus')] }, 500);
    expect(verdict).toMatchObject({ kind: 'counted', gate: { approvals: counted.approvals } });
  });

  it('forgets an approval that was withdrawn', () => {
    const verdict = decideGate(counted, { ...decision, person: person('linus'), decision: 'withdrawn' }, 500);
    expect(verdict).toMatchObject({ kind: 'counted', gate: { approvals: [] } });
  });
});
