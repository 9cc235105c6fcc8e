import { aBlock, aPlan, aRunNode, testDefaults, testRules } from '../../testing/random/random-plan';
import { digestOf } from '../canonical/digest';
import type { RunId } from '../foundation/ids';
import type { Node } from '../plan/plan';
import { indexPlan } from '../plan/plan-index';
import type { Answer } from '../step/question';
import { advance, initialState } from './advance';
import type { Command } from './command';
import type { InputEventBody } from './run-event';

// Gates of inner packs and gates that wait for the pack (docs/guides/writing-packs.md, Gates): no cleanup passes a gate that has not opened.

const digest = digestOf('x');
const common = {
  name: null,
  when: null,
  needs: [],
  stated: true,
  runOn: 'success',
  timeoutMs: null,
  workers: [],
} as const;
const run = (id: string, needs: readonly string[] = [], change: object = {}): Node =>
  aRunNode(id, { needs, stated: true, effects: 'idempotent', ...change });
const gate = (id: string, needs: readonly string[] = []): Node => ({
  kind: 'gate',
  id,
  ...common,
  needs,
  approval: 'owners',
  policy: null,
  with: {},
  message: 'go?',
  show: {},
  form: null,
});
const pack = (id: string, nodes: readonly Node[], change: object = {}): Node => ({
  kind: 'pack',
  id,
  ...common,
  uses: 'pack:./in',
  pack: { name: 'in', version: '1.0.0', contentDigest: digest },
  with: {},
  inputs: [],
  outputs: [],
  continueOnError: false,
  body: aBlock(nodes),
  ...change,
});
const parallel = (id: string, nodes: readonly Node[]): Node => ({
  kind: 'parallel',
  id,
  ...common,
  continueOnError: false,
  body: aBlock(nodes, { maxParallel: null }),
});
const guarded = (change: object = {}): Node => pack('p', [gate('g'), run('act', ['g'])], change);
const cleanup = run('after', ['p'], { runOn: 'always' });

type Inputs = 'given' | 'fault' | 'awaited';

/** Plays a run in which the step `bad` fails, gates are rejected, and conditions are false. Returns the steps that acted. */
function acted(nodes: readonly Node[], inputs: Inputs): readonly string[] {
  const index = indexPlan(aPlan(aBlock(nodes)), digest, testDefaults, testRules);
  let state = initialState(index, `run_${'0'.repeat(26)}` as RunId, []);
  const queue: Command[] = [];
  const started: string[] = [];
  const apply = (body: InputEventBody): void => {
    const turn = advance(index, state, { ...body, at: 1_000 });
    state = turn.state;
    queue.push(...turn.commands);
    for (const event of turn.events) if (event.type === 'step.started') started.push(event.step);
  };
  const by = { worker: 'w', version: '1', build: digest, probe: digest };
  apply({ type: 'run.claimed', fence: 1, crashes: 0, quarantine: false, ...by });
  for (let command = queue.shift(); command !== undefined; command = queue.shift()) {
    const { step } = command;
    if (command.type === 'answer') {
      const { question } = command;
      if (question === 'inputs' && inputs === 'awaited') continue;
      apply({ type: 'question.answered', step, question, answer: answerTo(question, inputs) });
      const waiting = state.steps.get(step);
      if (waiting?.kind === 'waiting')
        apply({ type: 'gate.decided', step, record: digest, response: null, decision: no });
    } else if (command.type === 'start') {
      const { execution } = command;
      const failure = { code: 'EXIT_1', message: '', retryable: false, exitCode: 1 };
      if (step === 'bad') apply({ type: 'attempt.failed', step, execution, ...failure });
      else apply({ type: 'attempt.succeeded', step, execution, outputs: null });
    }
  }
  expect(state.phase).toBe('ended');
  return started;
}

const no = {
  decisionId: 'd',
  gateDigest: digest,
  planHash: digest,
  decision: 'rejected' as const,
  person: { iss: 'https://issuer.test', sub: 'grace' },
  onBehalfOf: null,
  grants: ['packs.approve'],
  decidedAt: 1_000,
};

function answerTo(question: string, inputs: Inputs): Answer {
  if (question === 'when') return { kind: 'truth', value: false };
  if (question === 'inputs')
    return inputs === 'fault'
      ? { kind: 'fault', code: 'EXPR_NULL', message: 'no value' }
      : { kind: 'inputs', inputs: null };
  if (question === 'gate')
    return { kind: 'gate', request: null, gateDigest: digest, expiresAt: 61_000, executeBy: 61_000 };
  return { kind: 'outputs', outputs: null };
}

describe('an inner pack with a gate', () => {
  it.each<[string, readonly Node[], Inputs, readonly string[]]>([
    ['whose inputs fail: no cleanup behind it', [guarded(), cleanup], 'fault', []],
    [
      'whose inputs fail: no step for failures behind it',
      [guarded(), run('after', ['p'], { runOn: 'failure' })],
      'fault',
      [],
    ],
    ['whose inputs fail: nothing heals it', [guarded({ continueOnError: true }), run('after', ['p'])], 'fault', []],
    [
      'whose inputs fail, in another pack: nothing behind that one',
      [pack('p', [pack('q', [gate('g')])]), cleanup],
      'fault',
      [],
    ],
    [
      'stopped before it has inputs: no cleanup behind it',
      [parallel('all', [guarded(), cleanup, run('bad')])],
      'awaited',
      ['bad'],
    ],
    [
      'stopped before it has inputs: none behind one that waits for it',
      [parallel('all', [guarded(), run('next', ['p']), run('after', ['next'], { runOn: 'always' }), run('bad')])],
      'awaited',
      ['bad'],
    ],
    ['whose gate is rejected: no cleanup behind it', [guarded({ continueOnError: true }), cleanup], 'given', []],
    ['that does not apply guards nothing', [guarded({ when: 'inputs.x' }), cleanup], 'given', ['after']],
    ['left out by `needs` guards nothing', [guarded(), run('after', [], { runOn: 'always' })], 'given', ['after']],
  ])('%s', (_, nodes, inputs, expected) => {
    expect(acted(nodes, inputs)).toEqual(expected);
  });

  it('lets cleanup in a pack behind an outer gate not pass it', () => {
    const tidy = pack('p', [run('tidy', [], { runOn: 'always' })], { needs: ['g'], runOn: 'always' });
    expect(acted([gate('g'), tidy], 'given')).toEqual([]);
    expect(acted([gate('g'), { ...tidy, needs: [] }], 'given')).toEqual(['p::tidy']);
  });

  it('is not needed for cleanup behind a pack without one whose inputs fail', () => {
    expect(acted([pack('p', [run('a')]), cleanup], 'fault')).toEqual(['after']);
    expect(acted([pack('p', [run('a')], { continueOnError: true }), run('after', ['p'])], 'fault')).toEqual(['after']);
  });
});
