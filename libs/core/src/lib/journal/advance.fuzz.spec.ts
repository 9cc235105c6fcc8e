import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import type { Json } from '../foundation/json';
import { PersistentMap } from '../foundation/persistent-map';
import { replay } from './replay';
import type { StepId } from '../foundation/ids';
import { isItem, itemOf } from '../plan/place';
import type { LoopNode, Node, Plan } from '../plan/plan';
import { indexPlan, nodeAt, type PlanIndex } from '../plan/plan-index';
import type { Command } from '../run/command';
import type { ValueRef } from '../step/value-ref';
import { Random } from '../../testing/random/random';
import { randomPlan, testDefaults, testRules } from '../../testing/random/random-plan';
import { RandomWorld, type Advance } from '../../testing/random/random-world';
import { advance, initialState } from '../run/advance';
import { messageAt } from '../run/run-end';
import type { RunState } from '../run/run-state';
import { searched } from '../../testing/runs-of-laws';

const PLANS = searched(100, 20_000);
const planHash = digestOf('plan');
const MESSAGES: readonly Plan['messages'][] = [
  { success: null, failure: null },
  { success: 'done', failure: null },
  { success: null, failure: 'bad' },
  { success: 'done', failure: 'bad' },
];

function play(seed: number, step?: Advance) {
  const random = new Random(seed);
  const plan = { ...randomPlan(random), messages: MESSAGES[seed % MESSAGES.length] as Plan['messages'] };
  const index = indexPlan(plan, planHash, testDefaults, testRules);
  return { index, story: new RandomWorld(index, random, step).play() };
}

/** A run has the message of its end, or why there is none. */
function checkMessage(index: PlanIndex, result: RunState['result']): void {
  const { status = 'cancelled', message, messageError } = result ?? {};
  const asked = messageAt(index, status);
  if (messageError === undefined) expect(message?.digest ?? null).toBe(asked && digestOf(asked));
  else expect([asked === null, message]).toEqual([false, undefined]);
}

describe('advance, over random plans, completion orders, crashes and cancels', () => {
  it(`holds its rules and replays exactly for ${PLANS} plans`, () => {
    for (let seed = 1; seed <= PLANS; seed++) {
      const { index, story } = play(seed);
      if (story.violations.length > 0) throw new Error(`seed ${seed}: ${story.violations.join('; ')}`);
      const again = replay(
        index,
        initialState(index, story.state.runId, story.state.initiators, story.state.reuses),
        story.entries,
      );
      if (again.diverged) throw new Error(`seed ${seed}: replay differs at ${again.diverged.seq}`);
      expect(again.state.result).toEqual(story.state.result);
      checkMessage(index, story.state.result);
      expect(canonical(again.state.counts as unknown as Json)).toBe(canonical(story.state.counts as unknown as Json));
    }
  }, 600_000);

  const planted: { readonly name: string; readonly bug: Advance }[] = [
    {
      name: 'a lost stop',
      bug: (index, state, input) => ({
        ...advance(index, state, input),
        commands: advance(index, state, input).commands.filter(
          (c) => c.type !== 'stop' || input.type !== 'run.cancel-requested',
        ),
      }),
    },
    {
      name: 'a takeover that restarts nothing',
      bug: (index, state, input) => {
        const turn = advance(index, state, input);
        return input.type === 'run.claimed' && state.phase === 'running' ? { ...turn, commands: [] } : turn;
      },
    },
    {
      name: 'one slot too many',
      bug: (index, state, input) =>
        advance(
          { ...index, defaults: { ...index.defaults, maxParallel: index.defaults.maxParallel + 1 } },
          state,
          input,
        ),
    },
    {
      name: 'cleanup beside a step that is being stopped, as in machine 1',
      bug: (index, state, input) => advance({ ...index, machine: 1 }, state, input),
    },
    {
      name: 'an execution numbered twice',
      bug: (index, state, input) => {
        const turn = advance(index, state, input);
        return {
          ...turn,
          events: turn.events.map((event) =>
            event.type === 'step.started' ? { ...event, execution: event.attempt } : event,
          ),
        };
      },
    },
    {
      name: 'a retry that forgets its time',
      bug: (index, state, input) => {
        const turn = advance(index, state, input);
        const retrying = turn.events.find((event) => event.type === 'step.retrying');
        return retrying && 'step' in retrying
          ? { ...turn, state: { ...turn.state, wakes: turn.state.wakes.without(retrying.step) } }
          : turn;
      },
    },
  ];

  const loopsAs = (change: (node: LoopNode) => Node): Advance => {
    const changed = new WeakMap<PlanIndex, PlanIndex>();
    return (index, state, input) => {
      let other = changed.get(index);
      if (other === undefined) {
        const nodes = [...index.nodes].map(
          ([id, one]) => [id, one.node.kind === 'loop' ? { ...one, node: change(one.node) } : one] as const,
        );
        changed.set(index, (other = { ...index, nodes: new Map(nodes) }));
      }
      return advance(other, state, input);
    };
  };
  const outputsBefore = new Map<StepId, ValueRef>();
  planted.push(
    {
      name: 'until judged before its iteration is over',
      bug: (index, state, input) => {
        const turn = advance(index, state, input);
        const early = turn.events.flatMap((event): readonly Command[] => {
          if (event.type !== 'step.opened' || !isItem(event.step)) return [];
          const { node } = nodeAt(index, event.step);
          const asks = node.kind === 'loop' && node.until !== null;
          return asks ? [{ type: 'answer', step: event.step, question: 'until', ahead: true }] : [];
        });
        return { ...turn, commands: [...turn.commands, ...early] };
      },
    },
    {
      name: 'an answer to until that is taken for its opposite',
      bug: (index, state, input) => {
        const { answer } = input.type === 'question.answered' && input.question === 'until' ? input : { answer: null };
        if (answer?.kind !== 'truth' || input.type !== 'question.answered') return advance(index, state, input);
        return advance(index, state, { ...input, answer: { ...answer, value: !answer.value } });
      },
    },
    { name: 'a delay that is skipped', bug: loopsAs((node) => ({ ...node, delayMs: 0 })) },
    {
      name: 'a delay of which nobody is told the end',
      bug: (index, state, input) => {
        const turn = advance(index, state, input);
        const waiting = turn.events.find((event) => event.type === 'step.waiting');
        if (waiting?.type !== 'step.waiting' || nodeAt(index, waiting.step).node.kind !== 'loop') return turn;
        return { ...turn, state: { ...turn.state, wakes: turn.state.wakes.without(waiting.step) } };
      },
    },
    {
      name: 'two iterations at once',
      bug: loopsAs((node) => ({ ...node, kind: 'map', label: null, maxItems: null, width: 2 })),
    },
    { name: 'a loop that goes on after a failure', bug: loopsAs((node) => ({ ...node, continueOnError: true })) },
    {
      name: 'a loop that yields the iteration before its last',
      bug: (index, state, input) => {
        const turn = advance(index, state, input);
        const events = turn.events.map((event) => {
          if (event.type !== 'step.ended') return event;
          if (isItem(event.step)) outputsBefore.set(event.step, event.outputs);
          else if (nodeAt(index, event.step).node.kind === 'loop' && event.outputs?.kind === 'value')
            return { ...event, outputs: outputsBefore.get(itemOf(event.step, 0)) ?? null };
          return event;
        });
        return { ...turn, events };
      },
    },
  );

  const withoutLoans = (state: RunState): RunState => ({
    ...state,
    steps: PersistentMap.of(
      state.steps
        .entries()
        .map(([step, one]) => [step, one.kind === 'running' ? { ...one, assignment: null } : one] as const),
    ),
  });
  planted.push(
    {
      name: 'a takeover that starts again what another worker has',
      bug: (index, state, input) => advance(index, input.type === 'run.claimed' ? withoutLoans(state) : state, input),
    },
    {
      name: 'what was lent and lost, and nobody starts',
      bug: (index, state, input) => {
        const turn = advance(index, state, input);
        return input.type === 'attempt.lost' ? { ...turn, commands: [] } : turn;
      },
    },
    {
      name: 'a loan of what is to stop',
      bug: (index, state, input) => {
        const running = input.type === 'attempt.assigned' ? state.steps.get(input.step) : undefined;
        if (input.type !== 'attempt.assigned' || running?.kind !== 'running') return advance(index, state, input);
        const going = { ...state, steps: state.steps.with(input.step, { ...running, stopping: null }) };
        return advance(index, going, input);
      },
    },
  );

  it('lends, many times', () => {
    const made = Array.from({ length: 400 }, (_, i) => play(i + 1).story.assigned);
    expect(made.filter((count) => count > 1).length).toBeGreaterThan(10);
  });

  it('makes iterations, many of them', () => {
    const made = Array.from({ length: 400 }, (_, i) => play(i + 1).story.iterations);
    expect(made.filter((count) => count > 1).length).toBeGreaterThan(25);
  });

  it.each(planted)(
    'finds a planted bug: $name',
    ({ bug }) => {
      const found = Array.from({ length: 2_000 }, (_, i) => i + 1).some(
        (seed) => play(seed, bug).story.violations.length > 0,
      );
      expect(found).toBe(true);
    },
    600_000,
  );
});
