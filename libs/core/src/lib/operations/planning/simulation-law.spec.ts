import fc from 'fast-check';
import { drivenEvents, seen, simulatedEvents, type Assumptions } from '../../../testing/paired-run';
import { plannableKinds, plannedOf } from '../../../testing/planned-manifest';
import { seedlings, type Seedling } from '../../../testing/random/random-manifest';
import { lawRuns, searched } from '../../../testing/runs-of-laws';
import { isItem, ROOT } from '../../plan/place';
import { childOf, nodeAt, parentOf } from '../../plan/plan-index';
import type { Planned } from '../../plan/plan-request';
import type { Derived } from '../../run/run-event';

const seedling = seedlings(plannableKinds());
const chosen = fc.array(fc.nat(9), { minLength: 1, maxLength: 20 });

function assumptionsOf({ index }: Planned, choices: readonly number[]): Assumptions {
  const picked = [...index.nodes.keys()].filter((_, place) => choices[place % choices.length] === 0);
  return { failing: new Set(picked), refused: new Set(picked) };
}

/** `Assumptions` contains what both worlds were given. A decision that came too late was given to only one of them. */
const reported = (events: readonly Derived[]): readonly string[] =>
  events.filter(({ type }) => type !== 'given.ignored').map(seen);

type Events = (made: Planned, assumptions: Assumptions) => readonly Derived[];

/** The same plan and outcomes give the same events in the same order: the property, for any way of simulating. */
function agrees(simulate: Events): fc.IAsyncPropertyWithHooks<[Seedling, number[]]> {
  return fc.asyncProperty(seedling, chosen, async (from, choices) => {
    const { made } = plannedOf(from, false);
    const assumptions = assumptionsOf(made, choices);
    const driven = await drivenEvents(made, assumptions);
    fc.pre(driven !== null);
    expect(reported(driven)).toEqual(reported(simulate(made, assumptions)));
    expect(startedTooEarly(made, driven)).toEqual([]);
  });
}

/** Steps that began before what they need was over. */
function startedTooEarly({ index }: Planned, events: readonly Derived[]): readonly string[] {
  const over = new Set<string>();
  return events.flatMap((event) => {
    if (event.type === 'step.ended') over.add(event.step);
    if (event.type !== 'step.started' && event.type !== 'step.opened' && event.type !== 'gate.opened') return [];
    const { step } = event;
    if (step === ROOT || isItem(step)) return [];
    const above = parentOf(index, step);
    const { needs } = nodeAt(index, step).node;
    return needs.filter((need) => !over.has(childOf(index, above, need))).map((need) => `${step} before ${need}`);
  });
}

/** The same plan with other defaults or nodes, as a bug would see it. */
function seeing(made: Planned, change: (index: Planned['index']) => Partial<Planned['index']>): Planned {
  return { ...made, index: { ...made.index, ...change(made.index) } };
}

describe('a simulation and a real run', () => {
  it('derive the same events from the same outcomes, in the same order, and no step begins before what it needs is over', async () => {
    await fc.assert(agrees(simulatedEvents), lawRuns(20));
  }, 3_600_000);

  // Each with a seed whose first case shows it.
  it.each<[string, number, Events]>([
    [
      'a slot too few',
      27,
      (made, assumptions) =>
        simulatedEvents(
          seeing(made, ({ root, nodes }) => ({
            root,
            nodes: new Map(
              [...nodes].map(([id, node]) => [
                id,
                { ...node, bodies: node.bodies.map((body) => ({ ...body, maxParallel: body.maxParallel && 1 })) },
              ]),
            ),
          })),
          assumptions,
        ),
    ],
    [
      'a cleanup that is forgotten',
      5,
      (made, assumptions) =>
        simulatedEvents(
          seeing(made, ({ nodes }) => ({
            nodes: new Map([...nodes].map(([id, one]) => [id, { ...one, node: { ...one.node, runOn: 'success' } }])),
          })),
          assumptions,
        ),
    ],
    [
      'a policy that is taken to allow',
      4,
      (made, assumptions) =>
        simulatedEvents(
          seeing(made, ({ plan }) => ({
            plan: { ...plan, policies: plan.policies.map((policy) => ({ ...policy, source: 'true' })) },
          })),
          assumptions,
        ),
    ],
    ['a refusal that is not told', 7, (made, { failing }) => simulatedEvents(made, { failing, refused: new Set() })],
  ])('finds a planted bug: %s', async (_, seed, bug) => {
    const found = await fc.check(agrees(bug), { numRuns: 500, seed: searched(seed, 1), endOnFailure: true });
    expect(found.failed).toBe(true);
  });
});
