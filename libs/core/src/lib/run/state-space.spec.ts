import type { aRunNode } from '../../testing/random/random-plan';
import { Play, gate, group, map, person, plan, run } from '../../testing/run-play';
import { digestOf } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import type { StepState } from '../step/step-state';
import type { InputEventBody } from './run-event';

// The meaning of steps and gates, shown with small plans (docs/guides/writing-packs.md, Steps and Gates; docs/guides/approvals.md, Steps with
// unknown outcome).

describe('every state and every given', () => {
  const zero = digestOf('0');
  const step = 's' as StepId;
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
