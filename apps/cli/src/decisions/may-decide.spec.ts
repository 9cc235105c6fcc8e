import type { GateView } from '../server/run-views';
import { objectionTo } from './may-decide';

const view = (why: string | null, grants: readonly string[] = ['packs.approve'], decisions: readonly object[] = []) =>
  ({
    canDecide: why === null,
    why,
    until: '2026-11-25T10:00:00.000Z',
    decisions,
    request: { requirement: { grants } },
  }) as unknown as GateView;
const me = async () => ({
  person: { iss: 'https://id.test', sub: 'grace' },
  scopes: ['packs.read'],
  grants: ['role:dev'],
});
const by = (sub: string, decision = 'approved') => ({
  decision,
  person: { iss: 'https://id.test', sub },
  decidedAt: '2026-11-24T10:05:00.000Z',
});

describe('a person who cannot decide', () => {
  it.each([
    ['GATE_SELF_APPROVAL', 'an initiator of the run cannot decide'],
    ['GATE_GRANT_MISSING', 'your token lacks packs.approve, which the gate needs'],
    ['GATE_NOT_A_PERSON', 'only people can decide'],
    ['GATE_AUTH_TOO_OLD', 'your sign-in is too old for this gate'],
  ])('learns %s before a question is asked', async (code, message) => {
    expect(await objectionTo('approved', view(code), me)).toMatchObject({ code, message, exitCode: 3 });
  });

  it.each([
    [['packs.approve'], [], 'role:lead'],
    [[], ['role:lead'], 'packs.approve'],
    [[], [], 'packs.approve, role:lead'],
    // The answer is of an earlier token.
    [['packs.approve'], ['role:lead'], 'one of packs.approve, role:lead'],
  ])('with the scopes %j and grants %j learns what is missing', async (scopes, grants, missing) => {
    const gate = view('GATE_GRANT_MISSING', ['packs.approve', 'role:lead']);
    expect(await objectionTo('approved', gate, async () => ({ ...(await me()), scopes, grants }))).toMatchObject({
      message: `your token lacks ${missing}, which the gate needs`,
    });
  });

  it('learns whom to ask', async () => {
    expect(await objectionTo('rejected', view('GATE_GRANT_MISSING', ['packs.approve', 'role:lead']), me)).toMatchObject(
      {
        remediation: expect.stringContaining('another person'),
      },
    );
  });

  it.each([null, 'GATE_ALREADY_COUNTED'])('leaves %s to the server', async (why) => {
    expect(await objectionTo('approved', view(why), me)).toBeNull();
  });

  it.each([
    ['GATE_DECIDED', /^the gate has already been decided: rejected by linus of https:\/\/id\.test, 2026-/, 1],
    ['RUN_ENDED', /^the run has ended/, 1],
    ['GATE_EXPIRED', /^the time to decide expired at 2026-11-25/, 6],
  ])('learns %s before a question is asked', async (code, message, exitCode) => {
    const gate = view(code, undefined, [by('grace', 'withdrawn'), by('linus', 'rejected')]);
    const objection = await objectionTo('rejected', gate, me);
    expect(objection).toMatchObject({ code, message: expect.stringMatching(message), exitCode });
    // The same decision of the same person may be sent again, except after the time: it does not open the gate.
    const repeated = await objectionTo('approved', view(code, undefined, [by('grace')]), me);
    expect(repeated?.code).toBe(code === 'GATE_EXPIRED' ? code : undefined);
    expect(await objectionTo('rejected', view(code, undefined, [by('grace')]), me)).not.toBeNull();
    expect(
      await objectionTo('approved', view(code, undefined, [{ ...by('grace'), withdrawn: true }]), me),
    ).not.toBeNull();
  });

  it('who approved learns that the time is over, and that the earlier approval remains recorded', async () => {
    expect(await objectionTo('approved', view('GATE_EXPIRED', undefined, [by('grace')]), me)).toMatchObject({
      code: 'GATE_EXPIRED',
      message: expect.stringMatching(
        /^the time to decide expired at .*; you approved at 2026-11-24T10:05:00\.000Z, which was not enough$/,
      ),
      exitCode: 6,
    });
  });

  it('withdraws their own approval of a run that they started', async () => {
    expect(await objectionTo('withdrawn', view('GATE_SELF_APPROVAL'), me)).toBeNull();
  });
});
