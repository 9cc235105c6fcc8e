import { testDefaults } from '../../testing/random/random-plan';
import { Play, gate, group, map, parallel, plan, run } from '../../testing/run-play';
import { digestOf } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import { nextWakeAt } from './advance';
import { poisoning } from './poison';

// The meaning of steps and gates, shown with small plans (docs/guides/writing-packs.md, Steps and Gates; docs/guides/approvals.md, Steps with
// unknown outcome).

describe('a list', () => {
  it('runs in order and skips what follows a failure', () => {
    const play = new Play(plan([run('a', null), run('b', null), run('c', null)]), { b: 'fail' });
    expect(play.ended).toEqual({ a: 'succeeded', b: 'failed EXIT_1', c: 'skipped UPSTREAM_FAILED' });
    expect(play.result).toBe('failed EXIT_1');
  });

  it('lets a step that states its needs run beside others, and the list still fails', () => {
    const play = new Play(plan([run('a', null), run('b', []), run('c', ['b'])]), { a: 'fail' });
    expect(play.ended).toEqual({ a: 'failed EXIT_1', b: 'succeeded', c: 'succeeded' });
    expect(play.result).toBe('failed EXIT_1');
  });

  it('goes on after continueOnError', () => {
    const play = new Play(plan([run('a', null, { continueOnError: true }), run('b', null)]), { a: 'fail' });
    expect([play.ended, play.result]).toEqual([{ a: 'failed EXIT_1', b: 'succeeded' }, 'succeeded']);
  });

  it('goes on after a step that its own when skipped', () => {
    const play = new Play(plan([run('a', null, { when: 'inputs.x' }), run('b', null)]), { a: 'skip' });
    expect([play.ended, play.result]).toEqual([{ a: 'skipped WHEN_FALSE', b: 'succeeded' }, 'succeeded']);
  });

  it('runs failure steps only after a failure, always steps in any case, and does not heal', () => {
    const nodes = [
      run('a', null),
      run('undo', null, { runOn: 'failure' }),
      run('clean', null, { runOn: 'always' }),
      run('b', null),
    ];
    const failed = new Play(plan(nodes), { a: 'fail' });
    expect(failed.ended).toEqual({
      a: 'failed EXIT_1',
      undo: 'succeeded',
      clean: 'succeeded',
      b: 'skipped UPSTREAM_FAILED',
    });
    expect(failed.result).toBe('failed EXIT_1');
    const fine = new Play(plan(nodes));
    expect(fine.ended).toEqual({ a: 'succeeded', undo: 'skipped WHEN_FALSE', clean: 'succeeded', b: 'succeeded' });
  });
});

describe('attempts', () => {
  const retries = {
    maxAttempts: 3,
    backoffMs: 1_000,
    factor: 2,
    maxBackoffMs: 10_000,
    jitter: false,
    on: null,
    attemptTimeoutMs: 5_000,
  };

  it('are tried again with growing pauses, and hold no slot meanwhile', () => {
    const play = new Play(plan([run('a', null, { retries })]), { a: ['fail', 'fail', 'ok'] });
    expect([play.result, nextWakeAt(play.state)]).toEqual(['parked', 2_000]);
    play.wait();
    expect(nextWakeAt(play.state)).toBe(4_000);
    play.wait();
    expect([play.result, play.started.length]).toEqual(['succeeded', 3]);
  });

  it.each([
    ['final', 1],
    ['fail', 3],
  ] as const)('stop at once when they must not be repeated: %s → %i', (outcome, count) => {
    const play = new Play(plan([run('a', null, { retries })]), { a: outcome });
    while (play.result === 'parked') play.wait();
    expect([play.result, play.started.length]).toEqual(['failed EXIT_1', count]);
  });

  it('that take too long are stopped, and tried again', () => {
    const play = new Play(plan([run('a', null, { retries: { ...retries, maxAttempts: 2 } })]), { a: 'hang' });
    play.wait();
    expect(play.held.at(-1)).toMatchObject({ type: 'stop', reason: 'attempt-timeout' });
    play.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    play.wait();
    expect(play.state.steps.get('a' as StepId)).toMatchObject({ kind: 'running', attempt: 2, execution: 2 });
  });

  it('that started again after a crash keep their number; once ones ask for attention', () => {
    const play = new Play(plan([parallel('p', [run('i', []), run('o', [], { effects: 'once' })])]), {
      i: 'hang',
      o: 'hang',
    });
    const zero = digestOf('0');
    play.apply({
      type: 'run.claimed',
      fence: 2,
      crashes: 1,
      quarantine: false,
      worker: 'w',
      version: '1',
      build: zero,
      probe: zero,
    });
    expect(play.state.steps.get('i' as StepId)).toMatchObject({ kind: 'running', attempt: 1, execution: 2 });
    expect(play.state.steps.get('o' as StepId)).toMatchObject({ kind: 'attention', attempt: 1 });
    play.apply({
      type: 'attention.resolved',
      step: 'o' as StepId,
      execution: 1,
      outcome: 'failed',
      outputs: null,
      record: zero,
    });
    expect(play.ended['o']).toBe('failed RESOLVED_FAILED');
  });

  it('that its owner gave back before they began start again at the next, once ones too', () => {
    const play = new Play(plan([run('o', null, { effects: 'once' })]), { o: 'hang' });
    const zero = digestOf('0');
    const by = { worker: 'w', version: '1', build: zero, probe: zero };
    play.apply({ type: 'attempt.unbegun', step: 'o' as StepId, execution: 1 });
    play.apply({ type: 'run.claimed', fence: 2, crashes: 0, quarantine: false, ...by });
    expect(play.state.steps.get('o' as StepId)).toMatchObject({ kind: 'running', attempt: 1, execution: 2 });
    play.apply({ type: 'attempt.unbegun', step: 'o' as StepId, execution: 1 });
    play.apply({ type: 'run.claimed', fence: 3, crashes: 0, quarantine: false, ...by });
    expect(play.state.steps.get('o' as StepId)).toMatchObject({ kind: 'attention', attempt: 1, execution: 2 });
  });

  it('have all their time at the owner who begins them, however long they were left', () => {
    const node = {
      ...run('o', null, { effects: 'once', retries: { ...retries, attemptTimeoutMs: 500 } }),
      timeoutMs: 1_000,
    };
    const play = new Play(plan([node]), { o: 'hang' });
    const zero = digestOf('0');
    play.apply({ type: 'attempt.unbegun', step: 'o' as StepId, execution: 1 });
    play.at += 5_000;
    play.apply({ type: 'time.reached' });
    const claim = { type: 'run.claimed', fence: 2, crashes: 0, quarantine: false, worker: 'w', version: '1' } as const;
    play.apply({ ...claim, build: zero, probe: zero });
    const state = play.state.steps.get('o' as StepId);
    const { at } = play;
    expect(state).toMatchObject({ kind: 'running', execution: 2, deadlineAt: at + 500, endBy: at + 1_000 });
  });

  it('that were being stopped are asked to stop again, so that a decision made meanwhile comes before the end', () => {
    const play = new Play(plan([run('a', null, { retries: { ...retries, maxAttempts: 1 } })]), { a: 'hang' });
    play.wait();
    const zero = digestOf('0');
    const by = { worker: 'w', version: '1', build: zero, probe: zero };
    play.apply({ type: 'run.claimed', fence: 2, crashes: 0, quarantine: false, ...by });
    expect(play.held.at(-1)).toMatchObject({ type: 'stop', step: 'a', execution: 1, reason: 'attempt-timeout' });
    expect(play.state.phase).toBe('running');
    play.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    expect(play.ended['a']).toBe('failed ATTEMPT_TIMEOUT');
  });
});

describe('a run that a worker died of in quarantine', () => {
  const zero = digestOf('0');
  const claim = { type: 'run.claimed', fence: 4, crashes: 3, quarantine: true, worker: 'w', version: '1' } as const;

  it.each([
    ['names the step that was under way', [run('first', null), run('a', null), run('b', null)], 'a'],
    ['names none of several', [parallel('p', [run('a', []), run('b', [])])], null],
  ])('ends POISON, and %s', (_what, steps, step) => {
    const play = new Play(plan(steps), { a: 'hang', b: 'hang' });
    const failed = poisoning(claim.crashes, play.state);
    play.apply({ ...claim, build: zero, probe: zero });
    if (failed) play.apply(failed);
    expect(play.state.ending).toMatchObject({ status: 'failed', code: 'POISON', step });
  });
});

describe('parallel and map', () => {
  it('stop the others when one fails', () => {
    const play = new Play(plan([parallel('p', [run('a', []), run('b', []), run('c', [])], {}, { maxParallel: 2 })]), {
      a: 'hang',
      b: 'fail',
    });
    expect(play.held.filter(({ type }) => type === 'stop')).toHaveLength(1);
    play.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    expect(play.ended).toEqual({
      b: 'failed EXIT_1',
      c: 'skipped UPSTREAM_FAILED',
      a: 'cancelled SIBLING_FAILED',
      p: 'failed EXIT_1',
    });
  });

  it('let the others go on with continueOnError, and fail at the end', () => {
    const play = new Play(plan([map('m', [run('w', null)], { continueOnError: true }), run('after', null)]), {
      'm[1]::w': 'fail',
    });
    expect(play.ended).toMatchObject({
      'm[0]': 'succeeded',
      'm[1]': 'failed EXIT_1',
      'm[2]': 'succeeded',
      m: 'failed EXIT_1',
      after: 'skipped UPSTREAM_FAILED',
    });
  });

  it('keep to their width, and give the slot of a waiting item to the next', () => {
    const play = new Play(plan([map('m', [gate('g'), run('w', null)], { width: 1 })]), {}, 3);
    expect(
      [...play.state.steps.entries()].filter(([, state]) => state.kind === 'waiting').map(([step]) => step),
    ).toEqual(['m[0]::g', 'm[1]::g', 'm[2]::g']);
    play.decide('m[1]::g', 'grace');
    expect(play.ended['m[1]']).toBe('succeeded');
    play.decide('m[0]::g', 'grace');
    play.decide('m[2]::g', 'grace');
    expect([play.result, play.started]).toEqual(['succeeded', ['m[1]::w', 'm[0]::w', 'm[2]::w']]);
  });

  it('succeed over nothing', () => {
    expect(new Play(plan([map('m', [run('w', null)])]), {}, 0).result).toBe('succeeded');
  });
});

describe('cancel', () => {
  const nodes = [
    run('a', null),
    run('b', null),
    run('clean', null, { runOn: 'always' }),
    run('undo', null, { runOn: 'failure' }),
  ];

  it('stops what runs, skips what has not begun, and runs always steps', () => {
    const play = new Play(plan(nodes), { a: 'hang' });
    play.cancel();
    expect(play.held.at(-1)).toMatchObject({ type: 'stop', step: 'a', reason: 'cancel' });
    play.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    expect(play.ended).toEqual({
      b: 'skipped RUN_CANCELLED',
      undo: 'skipped RUN_CANCELLED',
      a: 'cancelled RUN_CANCELLED',
      clean: 'succeeded',
    });
    expect(play.result).toBe('cancelled RUN_CANCELLED');
  });

  it.each([
    [
      'after several steps that are left out',
      [run('a', null), run('b', null), run('c', null), run('clean', null, { runOn: 'always' })],
    ],
    [
      'after a group',
      [group('g', [run('a', null), run('c', null)]), run('b', null), run('clean', null, { runOn: 'always' })],
    ],
    [
      'that does not begin',
      [run('a', null), run('b', null), gate('ask', { needs: null }), run('clean', null, { runOn: 'always' })],
    ],
  ])('begins cleanup when what precedes it has been stopped, and not before: %s', (name, list) => {
    const step = 'a' as StepId;
    const play = new Play(plan(list), { [step]: 'hang' });
    play.cancel();
    expect([play.started, play.ended]).toEqual([[step], {}]);
    play.apply({ type: 'attempt.stopped', step, execution: 1, unknown: false });
    expect(play.started).toEqual(name === 'that does not begin' ? [step] : [step, 'clean']);
    expect(play.ended['b']).toBe('skipped RUN_CANCELLED');
    expect(play.result).toBe('cancelled RUN_CANCELLED');
  });

  it('with force runs no cleanup, and stops it when it is late', () => {
    const forced = new Play(plan(nodes), { a: 'hang' });
    forced.cancel(true);
    forced.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    expect(forced.started).toEqual(['a']);
    const late = new Play(plan(nodes), { a: 'hang', clean: 'hang' });
    late.cancel();
    late.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    late.at += testDefaults.cleanupTimeoutMs + testDefaults.stopGraceMs - 1;
    late.apply({ type: 'time.reached' });
    expect(late.state.ending?.force).toBe(false);
    late.at += 1;
    late.apply({ type: 'time.reached' });
    expect(late.state.ending?.force).toBe(true);
    expect(late.held.at(-1)).toMatchObject({ type: 'stop', step: 'clean' });
  });

  it.each([
    ['in a run that goes on', false],
    ['in a run that was cancelled', true],
  ])('stops a cleanup list at its own timeout, and what follows it in order: %s', (_name, isCancelled) => {
    const tidy = [run('k1', null), run('k2', null), run('kk', null, { runOn: 'always' })];
    const list = [
      run('a', null),
      group('g', tidy, { runOn: 'always', timeoutMs: 2_000 }),
      run('last', null, { runOn: 'always' }),
    ];
    const play = new Play(plan(list), { a: isCancelled ? 'hang' : 'ok', k1: 'hang' });
    if (isCancelled) {
      play.cancel();
      play.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    }
    expect(play.started).toEqual(['a', 'k1']);
    play.at += 2_000;
    play.apply({ type: 'time.reached' });
    expect(play.held.at(-1)).toMatchObject({ type: 'stop', step: 'k1' });
    play.apply({ type: 'attempt.stopped', step: 'k1' as StepId, execution: 1, unknown: false });
    expect(play.started).toEqual(['a', 'k1', 'kk', 'last']);
    expect(play.ended).toMatchObject({
      k1: 'cancelled SIBLING_FAILED',
      k2: 'skipped UPSTREAM_FAILED',
      g: 'failed STEP_TIMEOUT',
    });
  });

  it('stops a cleanup parallel of which a child fails', () => {
    const children = [run('k1', []), run('k2', []), run('k3', ['k1'])];
    const play = new Play(plan([run('a', null), parallel('p', children, { runOn: 'always' })]), {
      k1: 'hang',
      k2: 'final',
    });
    expect(play.held.at(-1)).toMatchObject({ type: 'stop', step: 'k1' });
    play.apply({ type: 'attempt.stopped', step: 'k1' as StepId, execution: 1, unknown: false });
    expect(play.started).toEqual(['a', 'k1', 'k2']);
    expect(play.ended).toMatchObject({
      k1: 'cancelled SIBLING_FAILED',
      k3: 'skipped UPSTREAM_FAILED',
      p: 'failed EXIT_1',
    });
  });

  it('gives cleanup its time, however long the steps before it take to be stopped', () => {
    const list = [run('a', null), run('b', null), run('clean', null, { runOn: 'always' })];
    const timeouts = { runMs: null, cleanupMs: 100 };
    const play = new Play(plan(list, { timeouts }), { a: 'hang' });
    play.cancel();
    play.at += testDefaults.stopGraceMs;
    play.apply({ type: 'time.reached' });
    play.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    expect([play.started, play.result]).toEqual([['a', 'clean'], 'cancelled RUN_CANCELLED']);
  });

  it('does not rename a run that had failed before, and a result that overtakes the stop counts', () => {
    const play = new Play(plan([run('a', null), run('b', [])]), { a: 'fail', b: 'hang' });
    play.cancel();
    play.apply({ type: 'attempt.succeeded', step: 'b' as StepId, execution: 1, outputs: null });
    expect([play.ended['b'], play.result]).toEqual(['succeeded', 'failed EXIT_1']);
  });

  it('leaves the outcome of a once step unknown', () => {
    const play = new Play(plan([run('a', null, { effects: 'once' })]), { a: 'hang' });
    play.cancel();
    play.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    expect(play.ended['a']).toBe('cancelled OUTCOME_UNKNOWN');
  });
});
