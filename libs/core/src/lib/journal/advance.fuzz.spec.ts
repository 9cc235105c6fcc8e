import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import type { Json } from '../foundation/json';
import { replay } from './replay';
import { indexPlan } from '../plan/plan-index';
import { Random } from '../../testing/random';
import { randomPlan, testDefaults, testFloor } from '../../testing/random-plan';
import { RandomWorld, type Advance } from '../../testing/random-world';
import { advance, initialState } from '../run/advance';

const PLANS = Number(process.env.TASKRUNNER_FUZZ_PLANS ?? 2_000);
const planHash = digestOf('plan');

function play(seed: number, step?: Advance) {
  const random = new Random(seed);
  const x = indexPlan(randomPlan(random), planHash, testDefaults, testFloor);
  return { x, story: new RandomWorld(x, random, step).play() };
}

describe('advance, over random plans, completion orders, crashes and cancels', () => {
  it(`holds its rules and replays exactly for ${PLANS} plans`, () => {
    for (let seed = 1; seed <= PLANS; seed++) {
      const { x, story } = play(seed);
      if (story.violations.length > 0) throw new Error(`seed ${seed}: ${story.violations.join('; ')}`);
      const again = replay(x, initialState(x, story.state.runId, story.state.initiators), story.entries);
      if (again.diverged) throw new Error(`seed ${seed}: replay differs at ${again.diverged.seq}`);
      expect(again.state.result).toEqual(story.state.result);
      expect(canonical(again.state.counts as unknown as Json)).toBe(canonical(story.state.counts as unknown as Json));
    }
  }, 600_000);

  const planted: { readonly name: string; readonly bug: Advance }[] = [
    {
      name: 'a lost stop',
      bug: (x, state, given) => ({
        ...advance(x, state, given),
        commands: advance(x, state, given).commands.filter(
          (c) => c.type !== 'stop' || given.type !== 'run.cancel-requested',
        ),
      }),
    },
    {
      name: 'a takeover that restarts nothing',
      bug: (x, state, given) => {
        const turn = advance(x, state, given);
        return given.type === 'run.claimed' && state.phase === 'running' ? { ...turn, commands: [] } : turn;
      },
    },
    {
      name: 'one slot too many',
      bug: (x, state, given) =>
        advance({ ...x, defaults: { ...x.defaults, maxParallel: x.defaults.maxParallel + 1 } }, state, given),
    },
    {
      name: 'an execution numbered twice',
      bug: (x, state, given) => {
        const turn = advance(x, state, given);
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
      bug: (x, state, given) => {
        const turn = advance(x, state, given);
        const retrying = turn.events.find((event) => event.type === 'step.retrying');
        return retrying && 'step' in retrying
          ? { ...turn, state: { ...turn.state, wakes: turn.state.wakes.without(retrying.step) } }
          : turn;
      },
    },
  ];

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
