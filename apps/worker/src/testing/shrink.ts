import { Random } from '@taskrunner/core/testing';
import { withFanOut } from './fan-out-scenario';
import { makeScenario, type Scenario } from './scenario';
import type { Violation } from './verdict';
import { play, type Bug, type Story } from './world';

/** The scenario of a seed. `keep` names the remaining runs and disturbances. */
export function scenarioOf(seed: number, keep: Kept | null = null): Scenario {
  const whole = withFanOut(makeScenario(new Random(seed), seed));
  if (!keep) return whole;
  return {
    ...whole,
    runs: whole.runs.filter(({ number }) => keep.runs.includes(number)),
    disturbances: whole.disturbances.filter((_, index) => keep.disturbances.includes(index)),
  };
}

/** The part of a seed's scenario that a shrunk one keeps. */
export interface Kept {
  readonly runs: readonly number[];
  readonly disturbances: readonly number[];
}

/** Removes runs and disturbances one by one, as long as the same invariant stays violated. */
export async function shrink(seed: number, story: Story, bugs: ReadonlySet<Bug>): Promise<Kept> {
  const whole = scenarioOf(seed);
  const invariant = story.violations[0]?.invariant;
  let kept: Kept = { runs: whole.runs.map(({ number }) => number), disturbances: [...whole.disturbances.keys()] };
  for (let smaller = true; smaller;) {
    smaller = false;
    for (const less of lessThan(kept)) {
      const { violations } = await play(scenarioOf(seed, less), bugs);
      if (violations[0]?.invariant !== invariant) continue;
      kept = less;
      smaller = true;
      break;
    }
  }
  return kept;
}

function* lessThan({ runs, disturbances }: Kept): Iterable<Kept> {
  for (const one of disturbances) yield { runs, disturbances: disturbances.filter((other) => other !== one) };
  if (runs.length > 1) for (const one of runs) yield { runs: runs.filter((other) => other !== one), disturbances };
}

/** How to replay the story: options for the command line. */
export function replayCommand(seed: number, { runs, disturbances }: Kept): string {
  return `TASKRUNNER_HARNESS_SEED=${seed} TASKRUNNER_HARNESS_KEEP=${runs.join()}/${disturbances.join()}`;
}

/** What a replay keeps, from the command line. */
export function keptOf(text: string | undefined): Kept | null {
  if (text === undefined) return null;
  const [runs = '', disturbances = ''] = text.split('/');
  const numbers = (list: string): number[] => (list === '' ? [] : list.split(',').map(Number));
  return { runs: numbers(runs), disturbances: numbers(disturbances) };
}

export function shown({ invariant, what, at }: Violation): string {
  return `invariant ${invariant} at ${Math.round(at)} ms: ${what}`;
}
