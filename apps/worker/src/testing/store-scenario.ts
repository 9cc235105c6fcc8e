import { Random } from '@taskrunner/core/testing';
import { makeScenario, type Disturbance, type Scenario } from './scenario';

/** Separate from the random streams of other stories. */
const STREAM = 0x0b1ec;

/** A story in which only the object store is disturbed. Its steps have large results. */
export function storeScenarioOf(seed: number): Scenario {
  const random = new Random(seed ^ STREAM);
  const whole = makeScenario(new Random(seed), seed);
  return {
    ...whole,
    theme: 'store',
    runs: whole.runs.filter(({ poison }) => !poison),
    disturbances: Array.from({ length: random.int(1, 4) }, () => troubleOf(random)).sort((a, b) => a.at - b.at),
  };
}

function troubleOf(random: Random): Disturbance {
  return {
    ...{ kind: 'store', at: random.int(0, 15_000), ms: random.pick([1_000, 6_000, 20_000, 40_000]) },
    trouble: random.pick(['away', 'read-only', 'full', 'tight', 'slow']),
  };
}
