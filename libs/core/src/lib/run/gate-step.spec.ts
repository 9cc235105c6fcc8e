import { Play, gate, group, person, plan, run } from '../../testing/run-play';
import { digestOf } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import type { Plan } from '../plan/plan';

// The meaning of steps and gates, shown with small plans (docs/guides/writing-packs.md, Steps and Gates; docs/guides/approvals.md, Steps with
// unknown outcome).

describe('an approval gate', () => {
  const gated = plan([
    gate('g'),
    run('apply', null),
    run('clean', null, { runOn: 'always' }),
    run('report', [], { runOn: 'always' }),
  ]);

  it('opens for enough distinct people who did not initiate the run', () => {
    const quorum = { ...gated, approvals: [{ ...gated.approvals[0], minApprovals: 2 }] } as Plan;
    const play = new Play(quorum);
    for (const sub of ['ada', 'grace', 'grace']) play.decide('g', sub);
    const codes = play.events.flatMap((event) => (event.type === 'given.ignored' ? [event.code] : []));
    expect([play.started, codes]).toEqual([['report'], ['GATE_SELF_APPROVAL', 'GATE_ALREADY_COUNTED']]);
    play.decide('g', 'grace', 'withdrawn');
    play.decide('g', 'linus');
    expect(play.started).toEqual(['report']);
    play.decide('g', 'grace');
    expect(play.result).toBe('succeeded');
  });

  it('ends the run when one rejects; cleanup behind the gate does not run, other cleanup does', () => {
    const play = new Play(gated);
    play.decide('g', 'grace', 'rejected');
    expect(play.ended).toEqual({
      report: 'succeeded',
      g: 'failed GATE_REJECTED',
      apply: 'skipped RUN_CANCELLED',
      clean: 'skipped UPSTREAM_FAILED',
    });
    expect(play.result).toBe('failed GATE_REJECTED');
  });

  it('closes when its time is over, but a decision made in time counts however late it is read', () => {
    const late = new Play(gated);
    late.wait();
    expect(late.result).toBe('failed GATE_EXPIRED');
    const inTime = new Play(gated);
    inTime.at = 70_000;
    inTime.decide('g', 'grace', 'approved', 60_999);
    expect(inTime.ended['g']).toBe('succeeded');
  });

  it('lets no effect start after execute-by', () => {
    const slow = plan([gate('g'), run('first', null), run('second', null)]);
    const play = new Play(slow, { first: 'hang' });
    play.decide('g', 'grace');
    play.at = 121_500;
    play.apply({ type: 'attempt.succeeded', step: 'first' as StepId, execution: 1, outputs: null });
    expect([play.ended['second'], play.result]).toEqual(['cancelled GATE_EXPIRED', 'failed GATE_EXPIRED']);
  });

  it('lets nothing that was given back before it began begin after execute-by at its next owner', () => {
    const zero = digestOf('0');
    const claim = { type: 'run.claimed', fence: 2, crashes: 0, quarantine: false, worker: 'w', version: '1' } as const;
    for (const [at, expected] of [
      [121_000, undefined],
      [121_500, 'cancelled GATE_EXPIRED'],
    ] as const) {
      const play = new Play(plan([gate('g'), run('act', null)]), { act: 'hang' });
      play.decide('g', 'grace');
      play.apply({ type: 'attempt.unbegun', step: 'act' as StepId, execution: 1 });
      play.at = at - 1;
      play.apply({ ...claim, build: zero, probe: zero });
      expect(play.ended['act']).toBe(expected);
    }
  });

  it.each(['failed', 'was cancelled', 'took too long'])(
    'lets no cleanup behind a group that %s act after execute-by',
    (how) => {
      const limit = { timeoutMs: how === 'took too long' ? 5_000 : null };
      const guarded = group('around', [gate('g'), run('act', null)], limit);
      const play = new Play(plan([guarded, run('tidy', null, { runOn: 'always' })]), { act: 'hang' });
      play.decide('g', 'grace');
      if (how === 'took too long') play.wait();
      if (how === 'was cancelled')
        play.apply({ type: 'run.cancel-requested', by: person('ada'), reason: 'test', force: false });
      play.at = 121_500;
      const over = { step: 'act' as StepId, execution: 1 };
      const failure = { code: 'EXIT_1', message: 'no', retryable: false, exitCode: 1 };
      if (how === 'failed') play.apply({ type: 'attempt.failed', ...over, ...failure });
      else play.apply({ type: 'attempt.stopped', ...over, unknown: false });
      expect(play.ended['around']).toMatch(how === 'was cancelled' ? /^cancelled/ : /^failed/);
      expect(play.ended['tidy']).toBe('cancelled GATE_EXPIRED');
    },
  );

  it('is absorbed by nothing around it', () => {
    const play = new Play(
      plan([group('around', [gate('g')], { continueOnError: true }), run('after', null, { runOn: 'always' })]),
    );
    play.decide('g', 'grace', 'rejected');
    expect([play.ended['after'], play.result]).toEqual(['skipped UPSTREAM_FAILED', 'failed GATE_REJECTED']);
  });

  it('does not apply when its own when says so, and guards nothing then', () => {
    const play = new Play(plan([gate('g', { when: 'inputs.x' }), run('apply', null)]), { g: 'skip' });
    expect(play.result).toBe('succeeded');
  });
});

describe('a policy gate', () => {
  const judged = (level: 'hard' | 'soft', override: boolean) =>
    plan([gate('g', { policy: level, approval: override ? 'owners' : null }), run('apply', null)]);
  const judge = (play: Play, allow: boolean, undecided = false): void =>
    play.apply({
      type: 'policy.judged',
      step: 'g' as StepId,
      allow,
      undecided,
      reasons: [],
      engine: 'cel',
      digest: digestOf('p'),
      input: null,
    });

  it.each([
    ['hard', true, false, 'succeeded'],
    ['hard', false, false, 'failed POLICY_DENIED'],
    ['hard', true, true, 'failed POLICY_UNDECIDED'],
    ['soft', false, false, 'failed POLICY_DENIED'],
  ] as const)('%s, allow %s, undecided %s → %s', (level, allow, undecided, result) => {
    const play = new Play(judged(level, false));
    judge(play, allow, undecided);
    expect(play.result).toBe(result);
  });

  it('that is soft waits for the override when it is denied', () => {
    const play = new Play(judged('soft', true));
    judge(play, false);
    expect(play.result).toBe('parked');
    play.decide('g', 'grace');
    expect(play.result).toBe('succeeded');
  });
});
