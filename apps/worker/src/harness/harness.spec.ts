import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { searched } from '@taskrunner/core/testing';
import type { Played } from '../testing/harness-process';
import { scenarioOf } from '../testing/shrink';
import { play } from '../testing/world';

const { TASKRUNNER_HARNESS_SEEDS, TASKRUNNER_HARNESS_SEED: ONE, TASKRUNNER_HARNESS_KEEP: KEEP = '' } = process.env;
/** The fifty of every change have stories of all kinds that are counted below. */
const SEARCHED = `${searched(101, 1)}-${searched(130, 100_000)}`;
/** `200`, or `50001-100000`. */
const [FIRST, LAST] = rangeOf(ONE === undefined ? (TASKRUNNER_HARNESS_SEEDS ?? SEARCHED) : `${ONE}-${ONE}`);
/** One process beside other tests; one per processor if only the harness runs. */
const PROCESSES = Math.min(searched(1, availableParallelism()), LAST - FIRST + 1);

function rangeOf(text: string): readonly [number, number] {
  const [from, to] = text.split('-').map(Number) as [number, number | undefined];
  return to === undefined ? [1, from] : [from, to];
}

/** Plays every `PROCESSES`-th seed from this one, in a process of its own. */
async function playedFrom(first: number): Promise<Played> {
  const script = join(__dirname, '../testing/harness-process.ts');
  const args = ['-r', '@swc-node/register', script, ...[first, LAST, PROCESSES].map(String), KEEP];
  const env = { ...process.env, TS_NODE_PROJECT: 'tsconfig.spec.json' };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: join(__dirname, '..', '..'), env });
  return JSON.parse(stdout) as Played;
}

describe('the engine, over seeded disturbances', () => {
  it(`holds its invariants for the seeds ${FIRST} to ${LAST}`, async () => {
    const parts = await Promise.all(Array.from({ length: PROCESSES }, (_, index) => playedFrom(FIRST + index)));
    const sum = (of: (part: Played) => number): number => parts.reduce((total, part) => total + of(part), 0);
    const stories = sum((part) => part.stories);
    const [assigned, swept, decided] = [
      sum((part) => part.assigned),
      sum((part) => part.swept),
      sum((part) => part.decided),
    ];
    process.stderr.write(
      `harness: ${stories} stories; ${assigned} in which a run is shared, ${swept} that lose a helper, ${decided} with decisions that count\n`,
    );
    expect(parts.flatMap(({ broken }) => broken ?? [])).toEqual([]);
    if (stories < 50) return;
    // Workers find runs of others, and are lost because of it.
    expect(assigned).toBeGreaterThan(stories / 10);
    expect(swept).toBeGreaterThan(stories / 50);
    expect(decided).toBeGreaterThan(stories / 10);
  }, 86_400_000);

  // A step was dispatched and told to stop in one turn, and its driver was then swept: the next driver waited for an assignment without a
  // row. Also: a decision before a claim that ends the run was ignored.
  it.each([67602, 82298, 63725])('tells a story well that once went wrong: %i', async (seed) => {
    expect((await play(scenarioOf(seed))).violations).toEqual([]);
  });

  it('tells the same story of the same seed', async () => {
    for (const seed of [11, 12, 13]) {
      const [once, again] = [await play(scenarioOf(seed)), await play(scenarioOf(seed))];
      expect(again).toEqual(once);
      expect(once.statements).toBeGreaterThan(0);
    }
  }, 60_000);
});
