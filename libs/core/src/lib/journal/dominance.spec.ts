import { digestOf } from '../canonical/digest';
import type { NodeId, StepId } from '../foundation/ids';
import type { Entry } from './page';
import { isItem, itemAround, nodeOf, ROOT, joinScope } from '../plan/place';
import type { Block, Plan } from '../plan/plan';
import { indexPlan, type IndexedNode } from '../plan/plan-index';
import { effectsIn } from '../plan/ungated-effects';
import { advance } from '../run/advance';
import { everyRun } from '../../testing/every-run';
import { Random } from '../../testing/random/random';
import { aBlock, randomPlan, testDefaults, testRules } from '../../testing/random/random-plan';
import { RandomWorld, type Advance } from '../../testing/random/random-world';
import { searched, seedsFrom } from '../../testing/runs-of-laws';

const PLANS = searched(100, 20_000);
const SMALL_PLANS = searched(20, 1_000);

/** Steps that acted although no approval gate had opened for them: one whose scope contains the step. */
function actedFreely(plan: Plan, events: readonly Entry['event'][]): ReadonlySet<NodeId> {
  const opened: StepId[] = [];
  const free = new Set<NodeId>();
  const effectful = new Set(effectsIn(plan).all);
  for (const event of events) {
    if (event.type === 'gate.ended' && event.outcome === 'approved') opened.push(event.step);
    if (event.type !== 'step.started' || event.step === ROOT || isItem(event.step)) continue;
    const node = nodeOf(event.step);
    if (effectful.has(node) && !opened.some((gate) => reaches(gate, event.step))) free.add(node);
  }
  return free;
}

/** A gate in an item guards only steps of that item; one in an inner pack also guards what follows the pack. */
function reaches(gate: StepId, step: StepId): boolean {
  const item = itemAround(gate);
  return item === null || step.startsWith(joinScope(item, ''));
}

/** The same steps in another order of the list: what they wait for stays. */
function shuffled(block: Block, random: Random): Block {
  const nodes = block.nodes.map((node) => ({ node, key: random.next() })).sort((a, b) => a.key - b.key);
  return aBlock(
    nodes.map(({ node }) =>
      node.kind === 'group' || node.kind === 'parallel' ? { ...node, body: shuffled(node.body, random) } : node,
    ),
    { maxParallel: block.maxParallel, continueOnError: block.continueOnError },
  );
}

/** One attempt for each step: retries decide nothing here. */
function withoutRetries(block: Block): Block {
  return {
    ...block,
    nodes: block.nodes.map((node) => {
      if (node.kind === 'run') return { ...node, retries: { ...node.retries, maxAttempts: 1 } };
      return node.kind === 'group' || node.kind === 'parallel' ? { ...node, body: withoutRetries(node.body) } : node;
    }),
  };
}

/** Plays one random plan. Returns the steps that acted freely although the planner reports a dominating gate, and how many acted freely. */
function play(seed: number, step?: Advance): { readonly wrong: readonly NodeId[]; readonly free: number } {
  const random = new Random(seed);
  const made = randomPlan(random);
  const plan = random.chance(0.5) ? made : { ...made, graph: shuffled(made.graph, random) };
  const index = indexPlan(plan, digestOf('plan'), testDefaults, testRules);
  const { ungated } = effectsIn(plan);
  const story = new RandomWorld(index, random, step).play();
  const free = actedFreely(
    plan,
    story.entries.map(({ event }) => event),
  );
  return { wrong: [...free].filter((node) => !ungated.has(node)), free: free.size };
}

describe('the gates that dominate an effect', () => {
  it(`are open before it, in ${PLANS} random runs with failures, crashes, rejections and cancels`, () => {
    const wrong: string[] = [];
    let free = 0;
    for (let seed = 1; seed <= PLANS; seed++) {
      const played = play(seed);
      free += played.free;
      wrong.push(...played.wrong.map((node) => `seed ${seed}: ${node}`));
    }
    expect(wrong).toEqual([]);
    expect(free).toBeGreaterThan(PLANS / 10);
  }, 600_000);

  it('are exactly those that are open in every run, where all runs of a small plan are tried', () => {
    const wrong: string[] = [];
    let [plans, ungated, witnessed] = [0, 0, 0];
    for (let seed = 1; plans < SMALL_PLANS; seed++) {
      const random = new Random(seed);
      const made = randomPlan(random);
      const plan = { ...made, graph: shuffled(withoutRetries(made.graph), random) };
      const index = indexPlan(plan, digestOf('plan'), testDefaults, testRules);
      const gates = [...index.nodes.values()].filter(({ node }) => node.kind === 'gate').length;
      const runs = index.nodes.size > 9 || gates === 0 ? null : everyRun(index, 3_000);
      if (runs === null) continue;
      plans++;
      const effects = effectsIn(plan);
      const free = new Set(runs.flatMap((events) => [...actedFreely(plan, events)]));
      const ever = new Set(runs.flat().flatMap((event) => (event.type === 'step.started' ? [nodeOf(event.step)] : [])));
      for (const node of free) if (!effects.ungated.has(node)) wrong.push(`seed ${seed}: ${node}`);
      for (const node of effects.ungated) {
        if (!ever.has(node)) continue;
        ungated++;
        if (free.has(node)) witnessed++;
      }
    }
    expect(wrong).toEqual([]);
    // The planner may be stricter than any run: a step may follow a gate that passed only because of its conditions.
    expect(witnessed / ungated).toBeGreaterThan(0.9);
  }, 600_000);

  it.each<[string, number, Advance]>([
    [
      'a step that forgets what blocks it',
      4_565,
      (index, state, input) => {
        const turn = advance(index, state, input);
        const steps = turn.state.steps
          .entries()
          .reduce(
            (all, [id, one]) => (one.kind === 'ended' && one.blocked ? all.with(id, { ...one, blocked: false }) : all),
            turn.state.steps,
          );
        return { ...turn, state: { ...turn.state, steps } };
      },
    ],
    [
      'steps that wait for nothing',
      82,
      (index, state, input) =>
        advance(
          { ...index, nodes: new Map([...index.nodes].map(([id, one]) => [id, waitingForNothing(one)])) },
          state,
          input,
        ),
    ],
  ])(
    'finds a planted bug: %s',
    (_, known, bug) => {
      const found = [...seedsFrom(known, 20_000)].some((seed) => play(seed, bug).wrong.length > 0);
      expect(found).toBe(true);
    },
    600_000,
  );
});

function waitingForNothing(one: IndexedNode): IndexedNode {
  const bodies = one.bodies.map((body) => ({ ...body, nodes: body.nodes.map(waitingForNothing) }));
  return { ...one, node: { ...one.node, needs: [] }, bodies };
}
