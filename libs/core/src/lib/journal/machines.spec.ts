import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { testRules } from '../../testing/random/random-plan';
import { digestOf } from '../canonical/digest';
import type { Plan } from '../plan/plan';
import { indexPlan } from '../plan/plan-index';
import type { ProfileDefaults } from '../plan/profile';
import { initialState } from '../run/advance';
import { hasMachine, MACHINE_VERSION } from '../run/run-state';
import type { Entry } from './page';
import { replay } from './replay';
import type { RunId } from '../foundation/ids';

// Journals of random runs: those of machine 1 were written by the last release that had no other one. Of these, `differs`: machine 2 derives
// other events from the same inputs.

interface Kept {
  readonly defaults: ProfileDefaults;
  readonly runs: readonly {
    readonly plan: Plan;
    readonly reuses: boolean;
    readonly differs?: boolean;
    readonly entries: readonly Entry[];
  }[];
}

function keptOf(machine: number): Kept {
  const file = join(__dirname, `../../testing/machines/machine-${machine}.json.gz`);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as Kept;
}

function divergenceOf(
  { plan, reuses, entries }: Kept['runs'][number],
  { defaults }: Kept,
  machine: number,
): number | null {
  const index = indexPlan(plan, digestOf('plan'), defaults, { ...testRules, machine });
  const begun = initialState(
    index,
    `run_${'0'.repeat(26)}` as RunId,
    [{ iss: 'https://issuer.test', sub: 'ada' }],
    reuses,
  );
  const { state, diverged } = replay(index, begun, entries);
  if (diverged === null) expect(state.phase).toBe('ended');
  return diverged?.seq ?? null;
}

it.each([1, 2])('machine %i derives what it derived', (machine) => {
  const kept = keptOf(machine);
  expect(kept.runs).toHaveLength(36);
  expect(kept.runs.map((run) => divergenceOf(run, kept, machine))).toEqual(kept.runs.map(() => null));
});

it('machine 1 is not machine 2', () => {
  const kept = keptOf(1);
  const different = kept.runs.filter(({ differs }) => differs);
  expect(different).toHaveLength(28);
  expect(different.filter((run) => divergenceOf(run, kept, 2) === null)).toEqual([]);
});

it('a build has the machine of new runs and the earlier ones, and no others', () => {
  expect([0, 1, 2, 3, 1.5].map(hasMachine)).toEqual([false, true, true, false, false]);
  expect(hasMachine(MACHINE_VERSION)).toBe(true);
});
