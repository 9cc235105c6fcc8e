import { aBlock, aPlan, aRunNode, testDefaults, testRules } from '../../testing/random/random-plan';
import { digestOf } from '../canonical/digest';
import type { RunId, StepId } from '../foundation/ids';
import { indexPlan } from '../plan/plan-index';
import type { LoopNode, Node } from '../plan/plan';
import type { Answer } from '../step/question';
import { shownStatus } from '../step/step-state';
import { searched } from '../../testing/runs-of-laws';
import { advance, initialState, isParked, nextWakeAt, waitsOf } from './advance';
import type { Command } from './command';
import type { Derived, InputEventBody } from './run-event';

// The behaviour of a loop in each of its states (docs/guides/writing-packs.md, Loop): the table of state × event.

const zero = digestOf('0');
const person = { iss: 'https://issuer.test', sub: 'ada' };
const DELAY = 2_000;
const leaf = aRunNode('b', { effects: 'idempotent' });
const aLoop = (change: Partial<LoopNode> = {}): LoopNode => ({
  kind: 'loop',
  id: 'l',
  name: null,
  when: null,
  needs: [],
  stated: false,
  runOn: 'success',
  timeoutMs: null,
  workers: [],
  items: null,
  until: 'inputs.u',
  delayMs: DELAY,
  maxIterations: 3,
  aggregation: 'collect',
  iterator: 'item',
  index: 'index',
  body: aBlock([leaf]),
  outputs: null,
  continueOnError: false,
  ...change,
});
const claim: InputEventBody = {
  type: 'run.claimed',
  fence: 1,
  crashes: 0,
  quarantine: false,
  worker: 'w',
  version: '1',
  build: zero,
  probe: zero,
};
const truth = (value: boolean): Answer => ({ kind: 'truth', value });

class Play {
  readonly index;
  state;
  at = 1_000;
  readonly events: Derived[] = [];
  commands: Command[] = [];

  constructor(
    nodes: readonly Node[] = [aLoop()],
    readonly count = 3,
  ) {
    this.index = indexPlan(aPlan(aBlock(nodes, { maxParallel: 1 })), digestOf('plan'), testDefaults, testRules);
    this.state = initialState(this.index, `run_${'0'.repeat(26)}` as RunId, [person]);
    this.apply(claim);
  }

  apply(body: InputEventBody): this {
    const turn = advance(this.index, this.state, { ...body, at: this.at });
    this.state = turn.state;
    this.events.push(...turn.events);
    this.commands.push(...turn.commands);
    for (const command of turn.commands)
      if (command.type === 'answer' && command.question === 'items')
        this.answer('l', 'items', { kind: 'items', items: null, count: this.count });
    return this;
  }

  answer(step: string, question: 'items' | 'until' | 'outputs', answer: Answer): this {
    return this.apply({ type: 'question.answered', step: step as StepId, question, answer });
  }

  end(step: string, outputs = true): this {
    const ref = outputs ? ({ kind: 'value', digest: digestOf(step), size: 1 } as const) : null;
    return this.apply({ type: 'attempt.succeeded', step: step as StepId, execution: 1, outputs: ref });
  }

  fail(step: string): this {
    const failure = { code: 'EXIT_1', message: 'no', retryable: false, exitCode: 1 };
    return this.apply({ type: 'attempt.failed', step: step as StepId, execution: 1, ...failure });
  }

  cancel(): this {
    return this.apply({ type: 'run.cancel-requested', by: person, reason: 'test', force: false });
  }

  time(by: number): this {
    this.at += by;
    return this.apply({ type: 'time.reached' });
  }

  /** The end of a step, or the status that is shown for it. */
  of(step: string): string {
    const ended = this.events.find((event) => event.type === 'step.ended' && event.step === step);
    if (ended?.type === 'step.ended') return ended.code === null ? ended.status : `${ended.status} ${ended.code}`;
    const state = this.state.steps.get(step as StepId);
    return state ? shownStatus(state) : 'unknown';
  }

  get began(): number {
    return this.events.filter((event) => event.type === 'step.opened' && event.step.endsWith(']')).length;
  }

  get asked(): readonly string[] {
    return this.commands.flatMap((one) => (one.type === 'answer' ? [`${one.step} ${one.question}`] : []));
  }
}

const states = {
  iterating: () => new Play(),
  judging: () => new Play().end('l[0]::b'),
  delaying: () => new Play().end('l[0]::b').answer('l[0]', 'until', truth(false)),
  second: () => new Play().end('l[0]::b').answer('l[0]', 'until', truth(false)).time(DELAY),
  ended: () =>
    new Play([aLoop(), aRunNode('z', { needs: ['l'], effects: 'idempotent' })])
      .end('l[0]::b')
      .answer('l[0]', 'until', truth(true)),
} as const;
const events = {
  cancel: (play: Play) => play.cancel(),
  'until holds': (play: Play) => play.answer('l[0]', 'until', truth(true)),
  'until does not hold': (play: Play) => play.answer('l[0]', 'until', truth(false)),
  'until has a fault': (play: Play) =>
    play.answer('l[0]', 'until', { kind: 'fault', code: 'EXPR_NULL', message: 'no value' }),
  'another kind of answer': (play: Play) => play.answer('l[0]', 'until', { kind: 'branch', index: 0 }),
  'until of an iteration to come': (play: Play) => play.answer('l[2]', 'until', truth(true)),
  'until of what is no item': (play: Play) => play.answer('l', 'until', truth(true)),
  'time before the delay is over': (play: Play) => play.time(DELAY - 1),
  'time after the delay': (play: Play) => play.time(DELAY),
  'another owner': (play: Play) => play.apply(claim),
} as const;

describe('a loop in each state, at each event', () => {
  it.each<[keyof typeof states, keyof typeof events, string, number]>([
    ['iterating', 'cancel', 'running', 1],
    ['iterating', 'until holds', 'running', 1],
    ['iterating', 'until does not hold', 'running', 1],
    ['iterating', 'until has a fault', 'running', 1],
    ['iterating', 'another kind of answer', 'running', 1],
    ['iterating', 'until of an iteration to come', 'running', 1],
    ['iterating', 'until of what is no item', 'running', 1],
    ['iterating', 'time before the delay is over', 'running', 1],
    ['iterating', 'time after the delay', 'running', 1],
    ['iterating', 'another owner', 'running', 1],
    ['judging', 'cancel', 'cancelled RUN_CANCELLED', 1],
    ['judging', 'until holds', 'succeeded', 1],
    ['judging', 'until does not hold', 'waiting', 1],
    ['judging', 'until has a fault', 'failed EXPR_NULL', 1],
    ['judging', 'another kind of answer', 'failed EXPR_TYPE', 1],
    ['judging', 'until of an iteration to come', 'running', 1],
    ['judging', 'until of what is no item', 'running', 1],
    ['judging', 'time before the delay is over', 'running', 1],
    ['judging', 'time after the delay', 'running', 1],
    ['judging', 'another owner', 'running', 1],
    ['delaying', 'cancel', 'cancelled RUN_CANCELLED', 1],
    ['delaying', 'until holds', 'waiting', 1],
    ['delaying', 'until does not hold', 'waiting', 1],
    ['delaying', 'until has a fault', 'waiting', 1],
    ['delaying', 'another kind of answer', 'waiting', 1],
    ['delaying', 'until of an iteration to come', 'waiting', 1],
    ['delaying', 'until of what is no item', 'waiting', 1],
    ['delaying', 'time before the delay is over', 'waiting', 1],
    ['delaying', 'time after the delay', 'running', 2],
    ['delaying', 'another owner', 'waiting', 1],
    ['second', 'cancel', 'running', 2],
    ['second', 'until holds', 'running', 2],
    ['second', 'until has a fault', 'running', 2],
    ['second', 'time after the delay', 'running', 2],
    ['second', 'another owner', 'running', 2],
    ['ended', 'until does not hold', 'succeeded', 1],
    ['ended', 'until has a fault', 'succeeded', 1],
    ['ended', 'another kind of answer', 'succeeded', 1],
    ['ended', 'time after the delay', 'succeeded', 1],
    ['ended', 'another owner', 'succeeded', 1],
  ])('%s, %s → %s after %i iterations', (state, event, status, iterations) => {
    const play = events[event](states[state]());
    expect([play.of('l'), play.began]).toEqual([status, iterations]);
  });

  it('says of an answer that nobody waits for that it is ignored', () => {
    const play = states.delaying().answer('l[0]', 'until', truth(true));
    expect(play.events.at(-1)).toEqual({
      type: 'given.ignored',
      what: 'question.answered',
      step: 'l[0]',
      code: 'QUESTION_OVER',
    });
  });
});

describe('between two iterations', () => {
  it('keeps the item until the answer is in, asks a new owner again, and then drops it', () => {
    const play = states.judging();
    expect(play.state.steps.get('l[0]' as StepId)?.kind).toBe('ended');
    expect(play.apply(claim).asked.filter((one) => one === 'l[0] until')).toHaveLength(2);
    play.answer('l[0]', 'until', truth(false));
    expect(play.state.steps.get('l[0]' as StepId)).toBeUndefined();
  });

  it('asks until after what the iteration declares has its value', () => {
    const play = new Play([aLoop({ outputs: { x: 1 } })]).end('l[0]::b');
    expect(play.asked.slice(1)).toEqual(['l[0] outputs']);
    play.answer('l[0]', 'outputs', { kind: 'outputs', outputs: null });
    expect(play.asked.slice(1)).toEqual(['l[0] outputs', 'l[0] until']);
  });

  it('holds no slot while it waits, parks the run and says until when', () => {
    const beside = aRunNode('z', { effects: 'idempotent', stated: true });
    const play = new Play([aLoop({ stated: true }), beside]);
    expect(play.of('z')).toBe('pending');
    play.end('l[0]::b').answer('l[0]', 'until', truth(false));
    expect([play.of('z'), isParked(play.state)]).toEqual(['running', false]);
    expect(nextWakeAt(play.state)).toBe(1_000 + DELAY);
    expect(waitsOf(play.index, play.state)).toEqual([{ kind: 'delay', id: 'l', until: 1_000 + DELAY }]);
    play.end('z');
    expect(isParked(play.state)).toBe(true);
    expect(play.events.filter(({ type }) => type === 'step.waiting')).toEqual([
      { type: 'step.waiting', step: 'l', until: 1_000 + DELAY },
    ]);
  });

  it('waits for a slot when its delay is over and others have them all', () => {
    const beside = aRunNode('z', { effects: 'idempotent', stated: true });
    const play = new Play([aLoop({ stated: true }), beside]).end('l[0]::b').answer('l[0]', 'until', truth(false));
    expect([play.time(DELAY).began, play.of('l')]).toEqual([1, 'running']);
    expect(play.end('z').began).toBe(2);
  });

  it('ends by its timeout while it waits, and within an iteration', () => {
    const waiting = new Play([aLoop({ timeoutMs: 500 })]).end('l[0]::b').answer('l[0]', 'until', truth(false));
    expect(nextWakeAt(waiting.state)).toBe(1_500);
    expect(waiting.time(500).of('l')).toBe('failed STEP_TIMEOUT');
    const iterating = new Play([aLoop({ timeoutMs: 500 })]).time(500);
    expect(iterating.commands.at(-1)).toMatchObject({ type: 'stop', step: 'l[0]::b' });
    iterating.apply({ type: 'attempt.stopped', step: 'l[0]::b' as StepId, execution: 1, unknown: false });
    expect([iterating.of('l'), iterating.began]).toEqual(['failed STEP_TIMEOUT', 1]);
  });
});

describe('the end of a loop', () => {
  const all = (play: Play, ...until: readonly boolean[]): Play => {
    for (const [index, held] of until.entries()) {
      play.end(`l[${index}]::b`).answer(`l[${index}]`, 'until', truth(held));
      play.time(DELAY);
    }
    return play;
  };

  it.each<[string, Partial<LoopNode>, readonly boolean[], string, number]>([
    ['until holds at once', {}, [true], 'succeeded', 1],
    ['until holds in the last iteration', {}, [false, false, true], 'succeeded', 3],
    ['until never holds', {}, [false, false, false], 'failed LOOP_EXHAUSTED', 3],
    ['there is no until', { until: null }, [false, false, false], 'succeeded', 3],
    ['it waits for nothing', { delayMs: 0 }, [false, true], 'succeeded', 2],
  ])('%s', (_what, change, until, status, iterations) => {
    const play = all(new Play([aLoop(change)]), ...until);
    expect([play.of('l'), play.began]).toEqual([status, iterations]);
  });

  it.each<[LoopNode['until'], string]>([
    [null, 'succeeded'],
    ['inputs.u', 'failed LOOP_EXHAUSTED'],
  ])('without items, until %s → %s', (until, status) => {
    expect(new Play([aLoop({ until })], 0).of('l')).toBe(status);
  });

  it('does not wait after its last iteration', () => {
    const play = new Play([aLoop({ until: null })], 1).end('l[0]::b');
    expect(play.of('l')).toBe('succeeded');
    expect(play.events.some(({ type }) => type === 'step.waiting')).toBe(false);
  });

  it.each<[boolean, string, number]>([
    [false, 'failed EXIT_1', 1],
    [true, 'failed EXIT_1', 3],
  ])('an iteration fails, continueOnError %s → %s after %i iterations', (continueOnError, status, iterations) => {
    const play = new Play([aLoop({ until: null, delayMs: 0, continueOnError })]).fail('l[0]::b');
    if (continueOnError) play.end('l[1]::b').end('l[2]::b');
    expect([play.of('l'), play.began]).toEqual([status, iterations]);
  });

  it('judges until also of an iteration that failed, where the loop goes on', () => {
    const play = new Play([aLoop({ delayMs: 0, continueOnError: true })]).fail('l[0]::b');
    expect(play.answer('l[0]', 'until', truth(false)).began).toBe(2);
    expect(play.end('l[1]::b').answer('l[1]', 'until', truth(true)).of('l')).toBe('failed EXIT_1');
  });

  it('goes on past a step of the body that may fail', () => {
    const healed = aBlock([aRunNode('b', { effects: 'idempotent', continueOnError: true })]);
    const play = new Play([aLoop({ delayMs: 0, body: healed })]).fail('l[0]::b');
    expect(play.answer('l[0]', 'until', truth(false)).began).toBe(2);
    expect(play.end('l[1]::b').answer('l[1]', 'until', truth(true)).of('l')).toBe('succeeded');
  });

  it('cleans up in the iteration that failed', () => {
    const undo = aRunNode('undo', { needs: ['b'], runOn: 'failure', effects: 'idempotent' });
    const body = aBlock([leaf, undo]);
    const play = new Play([aLoop({ until: null, delayMs: 0, body })]).end('l[0]::b').fail('l[1]::b').end('l[1]::undo');
    expect([play.of('l[0]::undo'), play.of('l[1]::undo'), play.of('l'), play.began]).toEqual([
      'skipped WHEN_FALSE',
      'succeeded',
      'failed EXIT_1',
      2,
    ]);
  });

  it('yields a list of its iterations, or the last', () => {
    const ends = (aggregation: LoopNode['aggregation']) =>
      new Play([aLoop({ until: null, delayMs: 0, aggregation })])
        .end('l[0]::b')
        .end('l[1]::b', false)
        .end('l[2]::b')
        .events.find((event) => event.type === 'step.ended' && event.step === 'l');
    const digests = [digestOf('l[0]::b'), '', digestOf('l[2]::b')];
    expect(ends('collect')).toMatchObject({
      outputs: { kind: 'children', of: 'l', count: 3, digest: digestOf(digests) },
    });
    expect(ends('last')).toMatchObject({ outputs: { kind: 'value', digest: digestOf('l[2]::b') } });
  });

  it('lists only the iterations that it made', () => {
    const play = all(new Play(), false, true);
    expect(play.events.find((event) => event.type === 'step.ended' && event.step === 'l')).toMatchObject({
      outputs: { kind: 'children', count: 2 },
    });
  });
});

describe('a gate in a loop', () => {
  it('has an instance per iteration, and the next iteration waits although the gate holds no slot', () => {
    const gate: Node = {
      ...aLoop(),
      kind: 'gate',
      id: 'g',
      approval: 'owners',
      policy: null,
      with: {},
      message: 'go?',
      show: {},
      form: null,
    } as unknown as Node;
    const play = new Play([aLoop({ until: null, delayMs: 0, body: aBlock([gate]) })]);
    const open = (step: string): Answer => ({
      kind: 'gate',
      request: null,
      gateDigest: digestOf(step),
      expiresAt: 61_000,
      executeBy: 121_000,
    });
    const decide = (index: number): Play =>
      play.apply({
        type: 'gate.decided',
        step: `l[${index}]::g` as StepId,
        record: zero,
        response: null,
        decision: {
          decisionId: `d${index}`,
          gateDigest: digestOf(`l[${index}]::g`),
          planHash: play.index.planHash,
          decision: 'approved',
          person: { ...person, sub: 'grace' },
          onBehalfOf: null,
          grants: ['packs.approve'],
          decidedAt: play.at,
        },
      });
    play.apply({ type: 'question.answered', step: 'l[0]::g' as StepId, question: 'gate', answer: open('l[0]::g') });
    expect([play.began, isParked(play.state)]).toEqual([1, true]);
    decide(0);
    play.answer('l[0]::g', 'outputs', { kind: 'outputs', outputs: null });
    expect(play.began).toBe(2);
    expect(decide(0).events.at(-1)).toMatchObject({ type: 'given.ignored', code: 'GATE_NOT_OPEN' });
  });
});

describe('many iterations', () => {
  it('touch the same few steps each: the working set does not grow', () => {
    const many = searched(2_000, 10_000);
    const play = new Play([aLoop({ until: null, delayMs: 0, maxIterations: many })], many);
    let most = 0;
    for (let index = 0; index < many; index++) {
      play.end(`l[${index}]::b`, false);
      most = Math.max(most, play.state.steps.size);
    }
    expect([play.of('l'), play.began, most]).toEqual(['succeeded', many, 4]);
  });
});
