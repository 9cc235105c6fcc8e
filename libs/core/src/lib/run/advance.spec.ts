import { aBlock, aPlan, aRunNode, testDefaults, testFloor } from '../../testing/random/random-plan';
import { digestOf } from '../canonical/digest';
import type { RunId, StepId } from '../foundation/ids';
import { indexPlan } from '../plan/plan-index';
import type { Node, Plan } from '../plan/plan';
import type { StepState } from '../step/step-state';
import { advance, initialState, isParked, nextWakeAt } from './advance';
import type { Command } from './command';
import { poisoning } from './poison';
import type { Derived, InputEventBody } from './run-event';
import type { RunState } from './run-state';

// The meaning of the language's constructs (docs/guides/writing-packs.md, Steps, docs/guides/approvals.md, Steps with unknown outcome, docs/guides/writing-packs.md, Gates), shown with small plans.

type Script = {
  readonly [step: string]: 'ok' | 'fail' | 'final' | 'hang' | 'skip' | number | readonly ('ok' | 'fail')[];
};
const run = (id: string, needs: readonly string[] | null, change: Parameters<typeof aRunNode>[1] = {}): Node =>
  aRunNode(id, { effects: 'idempotent', needs: needs ?? [], stated: needs !== null, ...change });
/** A list in which each step follows the previous one. */
const list = (...nodes: readonly Node[]): readonly Node[] =>
  nodes.map((node, i) => (node.stated ? node : { ...node, needs: i === 0 ? [] : [nodes[i - 1]?.id ?? ''] }));
const gate = (id: string, change: object = {}): Node => ({
  kind: 'gate',
  id,
  name: null,
  when: null,
  needs: [],
  stated: false,
  runOn: 'success',
  timeoutMs: null,
  workers: [],
  approval: 'owners',
  policy: null,
  with: {},
  message: 'go on?',
  show: {},
  form: null,
  ...change,
});
const common = {
  name: null,
  when: null,
  needs: [],
  stated: false,
  runOn: 'success' as const,
  timeoutMs: null,
  workers: [],
  continueOnError: false,
};
const group = (id: string, nodes: readonly Node[], change: object = {}): Node => ({
  kind: 'group',
  id,
  ...common,
  body: aBlock(list(...nodes)),
  ...change,
});
const parallel = (id: string, nodes: readonly Node[], change: object = {}, block: object = {}): Node => ({
  kind: 'parallel',
  id,
  ...common,
  body: aBlock(nodes, { maxParallel: null, ...block }),
  ...change,
});
const map = (id: string, nodes: readonly Node[], change: object = {}): Node => ({
  kind: 'map',
  id,
  ...common,
  items: '{{ inputs.list }}',
  iterator: 'item',
  index: 'index',
  label: null,
  maxItems: null,
  width: null,
  outputs: null,
  body: aBlock(list(...nodes)),
  ...change,
});
const person = (sub: string) => ({ iss: 'https://issuer.test', sub });

/** A world that answers at once, according to a script. */
class Play {
  state: RunState;
  readonly events: Derived[] = [];
  readonly held: Command[] = [];
  at = 1_000;
  readonly index;

  constructor(
    plan: Plan,
    private readonly script: Script = {},
    private readonly items = 3,
  ) {
    this.index = indexPlan(plan, digestOf('plan'), testDefaults, testFloor);
    this.state = initialState(this.index, `run_${'0'.repeat(26)}` as RunId, [person('ada')]);
    const zero = digestOf('0');
    this.apply({
      type: 'run.claimed',
      fence: 1,
      crashes: 0,
      quarantine: false,
      worker: 'w',
      version: '1',
      build: zero,
      probe: zero,
    });
  }

  apply(body: InputEventBody): void {
    const turn = advance(this.index, this.state, { ...body, at: this.at });
    this.state = turn.state;
    this.events.push(...turn.events);
    for (const command of turn.commands) this.perform(command);
  }

  private perform(command: Command): void {
    if (command.type === 'answer') return this.answer(command.step, command.question);
    if (command.type !== 'start') return void this.held.push(command);
    const { step, execution, attempt } = command;
    const said = this.script[step] ?? 'ok';
    const outcome = Array.isArray(said) ? (said as readonly string[])[attempt - 1] : said;
    if (outcome === 'hang') return void this.held.push(command);
    if (outcome === 'ok')
      return this.apply({
        type: 'attempt.succeeded',
        step,
        execution,
        outputs: { kind: 'value', digest: digestOf(step), size: 1 },
      });
    return this.apply({
      type: 'attempt.failed',
      step,
      execution,
      code: 'EXIT_1',
      message: 'no',
      retryable: outcome !== 'final',
      exitCode: 1,
    });
  }

  private answer(step: StepId, question: string): void {
    const said = this.script[step];
    if (question === 'when')
      return this.apply({
        type: 'question.answered',
        step,
        question,
        answer: { kind: 'truth', value: said !== 'skip' },
      });
    if (question === 'items')
      return this.apply({
        type: 'question.answered',
        step,
        question,
        answer: { kind: 'items', items: null, count: this.items },
      });
    if (question === 'gate') {
      const answer = {
        kind: 'gate' as const,
        request: null,
        gateDigest: digestOf(step),
        expiresAt: this.at + 60_000,
        executeBy: this.at + 120_000,
      };
      return this.apply({ type: 'question.answered', step, question, answer });
    }
    return this.apply({
      type: 'question.answered',
      step,
      question: question as 'outputs',
      answer: { kind: 'outputs', outputs: null },
    });
  }

  decide(
    step: string,
    sub: string,
    decision: 'approved' | 'rejected' | 'withdrawn' = 'approved',
    decidedAt = this.at,
  ): void {
    this.apply({
      type: 'gate.decided',
      step: step as StepId,
      record: digestOf('r'),
      response: null,
      decision: {
        decisionId: `${sub}-${decision}`,
        gateDigest: digestOf(step),
        planHash: this.index.planHash,
        decision,
        person: person(sub),
        onBehalfOf: null,
        grants: ['packs.approve'],
        decidedAt,
      },
    });
  }

  wait(): void {
    this.at = Math.max(this.at, nextWakeAt(this.state) ?? this.at);
    this.apply({ type: 'time.reached' });
  }

  cancel(force = false): void {
    this.apply({ type: 'run.cancel-requested', by: person('ada'), reason: 'test', force });
  }

  /** `step: status CODE` of each ended step. */
  get ended(): Record<string, string> {
    return Object.fromEntries(
      this.events.flatMap((event) =>
        event.type === 'step.ended'
          ? [[event.step, event.code === null ? event.status : `${event.status} ${event.code}`]]
          : [],
      ),
    );
  }

  get result(): string {
    const { result } = this.state;
    return result === null
      ? isParked(this.state)
        ? 'parked'
        : 'running'
      : result.code === null
        ? result.status
        : `${result.status} ${result.code}`;
  }

  get started(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'step.started' ? [event.step] : []));
  }
}

const plan = (nodes: readonly Node[], change: Partial<Plan> = {}): Plan => aPlan(aBlock(list(...nodes)), change);

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

  it('with force runs no cleanup, and stops it when it is late', () => {
    const forced = new Play(plan(nodes), { a: 'hang' });
    forced.cancel(true);
    forced.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    expect(forced.started).toEqual(['a']);
    const late = new Play(plan(nodes), { a: 'hang', clean: 'hang' });
    late.cancel();
    late.apply({ type: 'attempt.stopped', step: 'a' as StepId, execution: 1, unknown: false });
    late.at += testDefaults.cleanupTimeoutMs;
    late.apply({ type: 'time.reached' });
    expect(late.held.at(-1)).toMatchObject({ type: 'stop', step: 'clean' });
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
      late(play, 2_999);
      expect(play.state.steps.get('tidy' as StepId)).toMatchObject({ stopping: null });
      late(play, 1);
      expect(play.state.steps.get('tidy' as StepId)).toMatchObject({ stopping: expect.any(String) as string });
      stopped(play, 'tidy');
      expect(play.result).toBe(`${end === 'RUN_TIMEOUT' ? 'failed' : 'cancelled'} ${end}`);
    }
  });
});

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
