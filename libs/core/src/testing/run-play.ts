import { digestOf } from '../lib/canonical/digest';
import type { RunId, StepId } from '../lib/foundation/ids';
import type { Node, Plan } from '../lib/plan/plan';
import { indexPlan } from '../lib/plan/plan-index';
import type { ProfileDefaults } from '../lib/plan/profile';
import { advance, initialState, isParked, nextWakeAt } from '../lib/run/advance';
import type { Command } from '../lib/run/command';
import type { Derived, InputEventBody } from '../lib/run/run-event';
import { isMessageQuestion } from '../lib/run/run-end';
import type { RunState } from '../lib/run/run-state';
import { aBlock, aPlan, aRunNode, testDefaults, testRules } from './random/random-plan';

/** The outcome of each step, by id. A list has one outcome per attempt. */
type Script = {
  readonly [step: string]: 'ok' | 'fail' | 'final' | 'hang' | 'skip' | number | readonly ('ok' | 'fail')[];
};
/** A `run` step. `needs` null: it follows the previous step of its list. */
export const run = (id: string, needs: readonly string[] | null, change: Parameters<typeof aRunNode>[1] = {}): Node =>
  aRunNode(id, { effects: 'idempotent', needs: needs ?? [], stated: needs !== null, ...change });
/** A list in which each step follows the previous one. */
export const list = (...nodes: readonly Node[]): readonly Node[] =>
  nodes.map((node, i) => (node.stated ? node : { ...node, needs: i === 0 ? [] : [nodes[i - 1]?.id ?? ''] }));
export const gate = (id: string, change: object = {}): Node => ({
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
export const group = (id: string, nodes: readonly Node[], change: object = {}): Node => ({
  kind: 'group',
  id,
  ...common,
  body: aBlock(list(...nodes)),
  ...change,
});
export const parallel = (id: string, nodes: readonly Node[], change: object = {}, block: object = {}): Node => ({
  kind: 'parallel',
  id,
  ...common,
  body: aBlock(nodes, { maxParallel: null, ...block }),
  ...change,
});
export const map = (id: string, nodes: readonly Node[], change: object = {}): Node => ({
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
export const person = (sub: string) => ({ iss: 'https://issuer.test', sub });

/** A world that answers at once, according to a script. */
export class Play {
  state: RunState;
  readonly events: Derived[] = [];
  readonly held: Command[] = [];
  at = 1_000;
  readonly index;

  constructor(
    plan: Plan,
    private readonly script: Script = {},
    private readonly items = 3,
    messages: Pick<ProfileDefaults, 'messageCharacters'> = { messageCharacters: 200 },
  ) {
    const { messageCharacters: _none, ...defaults } = testDefaults;
    this.index = indexPlan(plan, digestOf('plan'), { ...defaults, ...messages }, testRules);
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
    if (command.type === 'answer' && isMessageQuestion(command.question)) return this.message(command);
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

  /** The script says of `''` whether the message has a fault, or no answer. */
  private message(command: Extract<Command, { type: 'answer' }>): void {
    const { step, question } = command;
    if (this.script[''] === 'hang') return void this.held.push(command);
    const fault = { kind: 'fault', code: 'EXPR_NULL', message: 'no value' } as const;
    const message = { kind: 'message', message: { kind: 'value', digest: digestOf(question), size: 1 } } as const;
    const answer = this.script[''] === 'fail' ? fault : message;
    return this.apply({ type: 'question.answered', step, question, answer });
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

export const plan = (nodes: readonly Node[], change: Partial<Plan> = {}): Plan => aPlan(aBlock(list(...nodes)), change);
