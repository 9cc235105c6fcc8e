import { Random } from '@taskrunner/core/testing';
import { blowTo, cancelOf, fanOf, type Disturbance, type RunSpec, type Scenario, type Target } from './scenario';

/** Share of the stories in which workers fan out; in the others each executes only what it drives. */
const SHARE = 0.4;
/** A separate random stream, so that other stories do not change. */
const STREAM = 0x1e4d;

/** The same story, possibly with few slots, wide maps, and disturbances for workers with dispatched assignments. */
export function withFanOut(scenario: Scenario): Scenario {
  const random = new Random(scenario.seed ^ STREAM);
  if (!random.chance(SHARE)) return scenario;
  const runs = scenario.runs.map((run) => (random.chance(0.8) ? withFan(random, scenario, run) : run));
  const more = Array.from({ length: random.int(0, 2) }, () => disturbanceOf(random, scenario));
  return {
    ...scenario,
    runs,
    fanOut: { slots: random.pick([1, 1, 2, 3]), items: random.pick([1, 2, 256]) },
    graceMs: random.pick([600, 600, 5_000]),
    workers: Math.max(scenario.workers, random.pick([1, 2, 2, 3])),
    disturbances: [...scenario.disturbances, ...more].sort((a, b) => a.at - b.at),
  };
}

/** A run with a map that begins at once, in addition to the others. */
function withFan(random: Random, { theme }: Scenario, run: RunSpec): RunSpec {
  const kills = run.poison && random.chance(0.5);
  const fan = fanOf(random, theme, kills);
  const list = Array.from({ length: random.pick([3, 3, 4]) }, (_, index) => index);
  // Later, so that workers know of each other by then.
  const at = run.at + random.int(0, 3_000);
  return { ...run, at, list, graph: { ...run.graph, nodes: [...run.graph.nodes, fan] } };
}

function disturbanceOf(random: Random, { theme, runs }: Scenario): Disturbance {
  const at = random.int(1_000, 9_000);
  const worker: Target = { holdingOf: random.int(0, runs.length - 1) };
  // During an outage, no other disturbance may explain a takeover.
  if (theme === 'outages') return { kind: 'outage', at, ms: random.pick([3_000, 9_000, 15_000]) };
  const kind = random.pick(['kill', 'kill', 'freeze', 'cut-off', 'drain', 'cancel', 'messages'] as const);
  switch (kind) {
    case 'messages':
      // Longer than the patience of a reporting worker.
      return {
        kind,
        at,
        ms: 9_000,
        rate: random.pick([0.7, 0.95]),
        fate: random.pick(['unsent', 'unanswered', 'late']),
      };
    case 'cancel':
      return cancelOf(random, at, runs.length);
    default:
      return blowTo(random, kind, at, worker);
  }
}
