import type { aRunNode } from '../../testing/random/random-plan';
import { Play, gate, group, map, person, plan, run } from '../../testing/run-play';
import { digestOf } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import type { StepState } from '../step/step-state';
import { nextWakeAt } from './advance';
import type { InputEventBody } from './run-event';

// The meaning of steps and gates, shown with small plans (docs/guides/writing-packs.md, Steps and Gates; docs/guides/approvals.md, Steps with
// unknown outcome).

const zero = digestOf('0');
const step = 's' as StepId;

describe('every state and every given', () => {
  const inputs: readonly InputEventBody[] = [
    {
      type: 'run.claimed',
      fence: 9,
      crashes: 0,
      quarantine: false,
      worker: 'w',
      version: '1',
      build: zero,
      probe: zero,
    },
    { type: 'run.cancel-requested', by: person('ada'), reason: '', force: false },
    { type: 'run.cancel-requested', by: person('ada'), reason: '', force: true },
    { type: 'run.failed', code: 'GATE_CONTEXT_CHANGED', step: null, message: '' },
    { type: 'time.reached' },
    { type: 'attempt.succeeded', step, execution: 1, outputs: null },
    { type: 'attempt.failed', step, execution: 1, code: 'EXIT_1', message: '', retryable: true, exitCode: 1 },
    { type: 'attempt.stopped', step, execution: 1, unknown: false },
    { type: 'attempt.deferred', step, execution: 1, until: 5_000 },
    { type: 'question.answered', step, question: 'when', answer: { kind: 'truth', value: true } },
    { type: 'question.answered', step, question: 'gate', answer: { kind: 'fault', code: 'EXPR_NULL', message: '' } },
    {
      type: 'policy.judged',
      step,
      allow: true,
      undecided: false,
      reasons: [],
      engine: 'cel',
      digest: zero,
      input: null,
    },
    {
      type: 'gate.decided',
      step,
      record: zero,
      response: null,
      decision: {
        decisionId: 'd',
        gateDigest: digestOf('s'),
        planHash: digestOf('plan'),
        decision: 'approved',
        person: person('grace'),
        onBehalfOf: null,
        grants: [],
        decidedAt: 1_000,
      },
    },
    { type: 'attention.resolved', step, execution: 1, outcome: 'retry', outputs: null, record: zero },
  ];
  const hanging =
    (change: Parameters<typeof aRunNode>[1] = {}) =>
    () =>
      new Play(plan([run('s', null, change)]), { s: 'hang' });
  const states: { readonly [Kind in StepState['kind']]: () => Play } = {
    pending: () => new Play(plan([run('a', null), run('s', null)]), { a: 'hang' }),
    deciding: () => {
      const play = new Play(plan([run('s', null)]), { s: 'hang' });
      play.state = {
        ...play.state,
        steps: play.state.steps.with(step, { kind: 'deciding', question: 'when', busy: true, carry: null }),
      };
      return play;
    },
    running: hanging(),
    delaying: () => {
      const play = hanging()();
      play.apply({ type: 'attempt.deferred', step, execution: 1, until: 9_000 });
      return play;
    },
    retrying: () => {
      const play = hanging({
        retries: {
          maxAttempts: 2,
          backoffMs: 9_000,
          factor: 2,
          maxBackoffMs: 9_000,
          jitter: false,
          on: null,
          attemptTimeoutMs: null,
        },
      })();
      play.apply({
        type: 'attempt.failed',
        step,
        execution: 1,
        code: 'EXIT_1',
        message: '',
        retryable: true,
        exitCode: 1,
      });
      return play;
    },
    attention: () => {
      const play = hanging({ effects: 'once' })();
      play.apply(inputs[0] as InputEventBody);
      return play;
    },
    judging: () => new Play(plan([gate('s', { policy: 'hard', approval: null })])),
    waiting: () => new Play(plan([gate('s')])),
    group: () => new Play(plan([group('s', [run('a', null)])]), { a: 'hang' }),
    repeat: () =>
      new Play(plan([map('s', [run('a', null)])]), { 's[0]::a': 'hang', 's[1]::a': 'hang', 's[2]::a': 'hang' }),
    ended: () => new Play(plan([run('s', null), run('b', null)]), { b: 'hang' }),
  };

  it.each(Object.entries(states))('%s: every given has an answer, and says so when it is ignored', (kind, begin) => {
    for (const input of inputs) {
      const play = begin();
      expect(play.state.steps.get(step)?.kind).toBe(kind);
      const before = play.state;
      const seen = play.events.length;
      expect(() => play.apply(input)).not.toThrow();
      const events = play.events.slice(seen);
      const changed =
        play.state.steps !== before.steps || play.state.phase !== before.phase || play.state.ending !== before.ending;
      if (input.type !== 'time.reached' && input.type !== 'run.claimed')
        expect([input.type, changed || events.length > 0]).toEqual([input.type, true]);
      if (events.some(({ type }) => type === 'given.ignored')) expect(play.state.steps.get(step)?.kind).toBe(kind);
    }
  });
});

describe('the message of a run', () => {
  const messages = { success: 'done', failure: 'bad' };
  const said = (question: string) => ({ kind: 'value', digest: digestOf(question), size: 1 }) as const;
  const endOf = (play: Play) => play.events.find(({ type }) => type === 'run.ended');
  const claim: InputEventBody = {
    ...{ type: 'run.claimed', fence: 9, crashes: 0, quarantine: false, worker: 'w', version: '1' },
    ...{ build: zero, probe: zero },
  };

  it.each([
    ['succeeded', { s: 'ok' }, messages, { message: said('successMessage') }],
    ['failed', { s: 'fail' }, messages, { message: said('failureMessage') }],
    ['succeeded', { s: 'ok', '': 'fail' }, messages, { messageError: { code: 'EXPR_NULL', message: 'no value' } }],
    ['failed', { s: 'fail', '': 'fail' }, messages, { messageError: { code: 'EXPR_NULL', message: 'no value' } }],
    ['succeeded', { s: 'ok' }, { success: null, failure: 'bad' }, {}],
    ['failed', { s: 'fail' }, { success: 'done', failure: null }, {}],
  ] as const)('is in the entry that ends it, and changes no outcome: %s %j %j', (status, script, messages, message) => {
    const play = new Play(plan([run('s', null)], { messages }), script);
    const end = endOf(play);
    expect(end).toEqual({
      ...{ type: 'run.ended', status, ...message },
      ...(status === 'failed' ? { code: 'EXIT_1', step: 's', outputs: null } : { code: null, step: null }),
      ...(status === 'failed' ? {} : { outputs: said('s') }),
    });
    expect(Object.keys(end ?? {}).sort()).toEqual(
      ['code', 'outputs', 'status', 'step', 'type', ...Object.keys(message)].sort(),
    );
  });

  it('is the one for failures of a run whose time is over, and none of a cancelled one', () => {
    const play = (): Play =>
      new Play(plan([run('s', null)], { messages, timeouts: { runMs: 100, cleanupMs: null } }), { s: 'hang' });
    const late = play();
    late.at += 100;
    late.apply({ type: 'time.reached' });
    late.apply({ type: 'attempt.stopped', step, execution: 1, unknown: false });
    expect(endOf(late)).toMatchObject({ code: 'RUN_TIMEOUT', message: said('failureMessage') });
    const cancelled = play();
    cancelled.cancel();
    cancelled.apply({ type: 'attempt.stopped', step, execution: 1, unknown: false });
    expect(endOf(cancelled)).toEqual({
      ...{ type: 'run.ended', status: 'cancelled', code: 'RUN_CANCELLED', step: null, outputs: null },
    });
  });

  const by = person('ada');
  const answered = (question: 'successMessage' | 'failureMessage'): InputEventBody => {
    return {
      type: 'question.answered',
      step: '' as StepId,
      question,
      answer: { kind: 'message', message: said(question) },
    };
  };
  const other: InputEventBody = { ...answered('successMessage'), answer: { kind: 'truth', value: true } } as never;
  const ofStep: InputEventBody = { ...answered('successMessage'), step } as never;
  const failed: InputEventBody = { type: 'run.failed', code: 'PACK_UNTRUSTED', step: null, message: '' };
  const cancel: InputEventBody = { type: 'run.cancel-requested', by, reason: '', force: true };
  const WAITS = ['given.ignored'];

  // What arrives while all steps have ended and the message is not there: the events, and the message that is waited for; null: it has ended.
  it.each<[string, 'ok' | 'fail', InputEventBody, readonly string[], string | null, string]>([
    ['its message', 'ok', answered('successMessage'), ['run.ended'], null, 'succeeded'],
    ['its message', 'fail', answered('failureMessage'), ['run.ended'], null, 'failed EXIT_1'],
    ['the other message', 'ok', answered('failureMessage'), WAITS, 'successMessage', 'running'],
    ['another answer', 'ok', other, WAITS, 'successMessage', 'running'],
    ['the message of a step', 'ok', ofStep, WAITS, 'successMessage', 'running'],
    ['a cancellation', 'ok', cancel, ['cancel.accepted', 'run.ended'], null, 'cancelled RUN_CANCELLED'],
    ['a cancellation', 'fail', cancel, ['cancel.accepted'], 'failureMessage', 'running'],
    ['a failure of the run', 'ok', failed, [], 'failureMessage', 'running'],
    ['a failure of the run', 'fail', failed, [], 'failureMessage', 'running'],
    ['a new owner', 'ok', claim, [], 'successMessage', 'running'],
    ['a time', 'ok', { type: 'time.reached' }, [], 'successMessage', 'running'],
    [
      'an outcome',
      'ok',
      { type: 'attempt.succeeded', step, execution: 1, outputs: null },
      WAITS,
      'successMessage',
      'running',
    ],
  ])('is waited for, beside %s after %s', (_what, outcome, input, events, closing, result) => {
    const play = new Play(plan([run('s', null)], { messages, timeouts: { runMs: 1, cleanupMs: 1 } }), {
      s: outcome,
      '': 'hang',
    });
    const [seen, asked] = [play.events.length, play.held.length];
    expect([play.result, nextWakeAt(play.state), asked]).toEqual(['running', null, 1]);
    play.at += 60_000;
    play.apply(input);
    expect([play.events.slice(seen).map(({ type }) => type), play.state.closing, play.result]).toEqual([
      events,
      closing,
      result,
    ]);
    // It is asked for again by a new owner, and if it is another one.
    const again = input.type === 'run.claimed' || (input === failed && outcome === 'ok');
    expect(play.held.length).toBe(asked + (again ? 1 : 0));
    if (closing === null) return;
    play.apply(answered(closing as 'successMessage'));
    expect(endOf(play)).toMatchObject({ message: said(closing) });
  });

  it('is not asked for in a run that was admitted by a release without messages', () => {
    const play = new Play(plan([run('s', null)], { messages }), {}, 3, {});
    expect(Object.keys(endOf(play) ?? {})).toEqual(['type', 'status', 'code', 'step', 'outputs']);
  });
});
