import type { GateView } from '../server/run-views';
import { objectionTo } from './may-decide';

const view = (why: string | null, grants: readonly string[] = ['packs.approve']) =>
  ({ canDecide: why === null, why, request: { requirement: { grants } } }) as unknown as GateView;

describe('a person who cannot decide', () => {
  it.each([
    ['GATE_SELF_APPROVAL', 'an initiator of the run cannot decide'],
    ['GATE_GRANT_MISSING', 'your token lacks packs.approve, which the gate needs'],
    ['GATE_NOT_A_PERSON', 'only people can decide'],
    ['GATE_AUTH_TOO_OLD', 'your sign-in is too old for this gate'],
  ])('learns %s before a question is asked', (code, message) => {
    expect(objectionTo('approved', view(code))).toMatchObject({ code, message, exitCode: 3 });
  });

  it('learns all grants, and whom to ask', () => {
    expect(objectionTo('rejected', view('GATE_GRANT_MISSING', ['packs.approve', 'role:lead']))).toMatchObject({
      message: 'your token lacks one of packs.approve, role:lead, which the gate needs',
      remediation: expect.stringContaining('another person'),
    });
  });

  it.each([null, 'GATE_ALREADY_COUNTED', 'GATE_DECIDED', 'RUN_ENDED', 'GATE_EXPIRED'])(
    'leaves %s to the server: a decision may be sent again',
    (why) => {
      expect(objectionTo('approved', view(why))).toBeNull();
    },
  );

  it('withdraws their own approval of a run that they started', () => {
    expect(objectionTo('withdrawn', view('GATE_SELF_APPROVAL'))).toBeNull();
  });
});
