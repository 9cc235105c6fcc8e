import { aRunNode, testDefaults } from '../../testing/random/random-plan';
import { Play, gate, group, person, plan, run } from '../../testing/run-play';
import type { StepId } from '../foundation/ids';
import type { Node } from '../plan/plan';

// The meaning of steps and gates, shown with small plans (docs/guides/writing-packs.md, Steps and Gates; docs/guides/approvals.md, Steps with
// unknown outcome).

describe('time', () => {
  it('ends a step, and a container, that takes too long', () => {
    const play = new Play(plan([group('g', [run('a', null)], { timeoutMs: 5_000 })]), { a: 'hang' });
    play.wait();
    play.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    expect([play.ended['g'], play.result]).toEqual(['failed STEP_TIMEOUT', 'failed STEP_TIMEOUT']);
  });

  it('ends a run that takes too long, but not while it waits for people', () => {
    const timed = (nodes: readonly Node[]) => plan(nodes, { timeouts: { runMs: 10_000, cleanupMs: null } });
    const busy = new Play(timed([run('a', null)]), { a: 'hang' });
    busy.at += 10_000;
    busy.apply({ type: 'time.reached' });
    busy.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    expect(busy.result).toBe('failed RUN_TIMEOUT');
    const timedPlay = new Play(timed([gate('g'), run('a', null)]));
    timedPlay.at += 50_000;
    timedPlay.apply({ type: 'time.reached' });
    timedPlay.decide('g', 'grace');
    expect(timedPlay.result).toBe('succeeded');
  });
});

describe('the timeouts of a run, by what they count', () => {
  const late = (play: Play, ms: number): void => {
    play.at += ms;
    play.apply({ type: 'time.reached' });
  };
  const stopped = (play: Play, step: string, execution = 1): void =>
    play.apply({ type: 'attempt.stopped', step: step as StepId, execution, unknown: false });
  const timed = (nodes: readonly Node[], runMs: number, cleanupMs: number | null = null) =>
    plan(nodes, { timeouts: { runMs, cleanupMs } });

  it('a step’s own goes over its attempts and their pauses, an attempt’s over one', () => {
    const retries = { maxAttempts: 5, backoffMs: 1_000, maxBackoffMs: 1_000, attemptTimeoutMs: 2_000, on: null };
    const node = run('a', null, { timeoutMs: 4_500, retries: { ...aRunNode('x', {}).retries, ...retries } });
    const play = new Play(plan([node]), { a: 'hang' });
    late(play, 2_000);
    stopped(play, 'a');
    expect(play.events.at(-1)).toMatchObject({ type: 'step.retrying', attempt: 2, code: 'ATTEMPT_TIMEOUT' });
    while (play.result === 'parked' && play.state.steps.get('a' as StepId)?.kind !== 'running') play.wait();
    // The pause before the second attempt is random; the end of the step is not.
    late(play, 5_499 - play.at);
    expect(play.state.steps.get('a' as StepId)).toMatchObject({ kind: 'running', attempt: 2, stopping: null });
    late(play, 1);
    const { execution } = play.state.steps.get('a' as StepId) as { execution: number };
    stopped(play, 'a', execution);
    expect(play.ended['a']).toBe('failed STEP_TIMEOUT');
  });

  it('the run’s goes on beside a gate while something runs, and stands still when only the gate is left', () => {
    const both = timed([gate('g', { needs: [] }), run('a', [])], 10_000);
    const busy = new Play(both, { a: 'hang' });
    late(busy, 10_000);
    stopped(busy, 'a');
    expect(busy.result).toBe('failed RUN_TIMEOUT');
    const timedPlay = new Play(both);
    late(timedPlay, 50_000);
    expect(timedPlay.state.openGates).toBe(1);
  });

  it('cleanup has its own, after any end, and then it is stopped', () => {
    for (const end of ['RUN_TIMEOUT', 'RUN_CANCELLED']) {
      const play = new Play(timed([run('a', null), run('tidy', null, { runOn: 'always' })], 10_000, 3_000), {
        a: 'hang',
        tidy: 'hang',
      });
      if (end === 'RUN_TIMEOUT') late(play, 10_000);
      else play.apply({ type: 'run.cancel-requested', by: person('ada'), reason: 'test', force: false });
      stopped(play, 'a');
      expect(play.state.steps.get('tidy' as StepId)).toMatchObject({ kind: 'running', stopping: null });
      // After the time in which steps are stopped.
      late(play, testDefaults.stopGraceMs + 2_999);
      expect(play.state.steps.get('tidy' as StepId)).toMatchObject({ stopping: null });
      late(play, 1);
      expect(play.state.steps.get('tidy' as StepId)).toMatchObject({ stopping: expect.any(String) as string });
      stopped(play, 'tidy');
      expect(play.result).toBe(`${end === 'RUN_TIMEOUT' ? 'failed' : 'cancelled'} ${end}`);
    }
  });
});
