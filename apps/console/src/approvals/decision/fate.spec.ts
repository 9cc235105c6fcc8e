import type { Decision } from '@taskrunner/client';
import type { Attempt } from './attempt';
import { fateOf, fateText } from './fate';

const made = (decisionId: string, decision: Decision['decision'], reason: string | null = null): Decision =>
  ({ decisionId, decision, reason, decidedAt: '2026-11-29T12:00:00.000Z', withdrawn: false }) as Decision;
const sent = (end: string, decision: Attempt['decision'] = 'approved', before = ''): Attempt => {
  return { decision, reason: 'read it', before, end };
};
const reported = (attempt: Attempt, own: readonly Decision[], hasForm = false): string | null => {
  const fate = fateOf(attempt, own, hasForm);
  return fate && fateText(fate, attempt);
};

describe('what became of a decision that was sent', () => {
  it('says that it arrived although the answer was lost', () => {
    expect(reported(sent('unanswered'), [made('1', 'approved', 'read it')], true)).toBe(
      'The answer was lost. Your approval arrived, with this reason:',
    );
    const bare = { ...sent('unanswered', 'withdrawn', '1'), reason: '' };
    expect(reported(bare, [made('1', 'approved', ''), made('2', 'withdrawn')])).toBe(
      'The answer was lost. Your withdrawal arrived, without a reason.',
    );
  });

  it('does not take an earlier decision for the one that was sent', () => {
    const own = [made('1', 'approved', 'read it'), made('2', 'withdrawn')];
    expect(reported(sent('unanswered', 'approved', '2'), own)).toBe(
      'The answer was lost, and your approval is not recorded. This reason was not recorded:',
    );
    // The form with the reason is still there.
    expect(reported(sent('unanswered', 'withdrawn', '1'), [made('1', 'approved')], true)).toBeNull();
  });

  it('says that a reason is not recorded when the same was decided elsewhere', () => {
    const own = [made('1', 'approved', 'another reason')];
    for (const end of ['already', 'unanswered'])
      expect(reported(sent(end), own, true)).toMatch(
        /^You had already approved at .+ in another tab or program\. This reason was not recorded:$/,
      );
    expect(reported(sent('already'), [])).toMatch(/^You had already approved in another tab/);
  });

  it('says that it was refused, and which decision was faster', () => {
    expect(reported(sent('GATE_DECIDED', 'rejected'), [made('1', 'approved', 'as agreed')])).toMatch(
      /^Your rejection was refused \(GATE_DECIDED\): you approved at .+ in another tab or program\. This reason was not recorded:$/,
    );
    expect(reported(sent('GATE_DECIDED', 'rejected'), [])).toBe(
      'Your rejection was refused (GATE_DECIDED): The gate is decided. This reason was not recorded:',
    );
    // Known before: it was not another tab that was faster.
    expect(reported(sent('GATE_DECIDED', 'rejected', '1'), [made('1', 'approved')])).toContain('The gate is decided.');
    expect(reported(sent('GATE_AUTH_TOO_OLD'), [made('1', 'approved')])).toContain('Your sign-in is too old');
    expect(reported(sent('GATE_DECIDED', 'withdrawn', '1'), [made('1', 'approved')], true)).toBeNull();
  });
});
