import { Random, searched } from '@taskrunner/core/testing';
import { toRunId } from '@taskrunner/core/foundation';
import { DatabaseClock } from '../lib/postgres/connection/database-clock';
import { lastServedOf } from '../lib/postgres/claims/claimed-run';
import { PostgresClaims } from '../lib/postgres/claims/postgres-claims';
import { createValues } from '../lib/postgres/encoding/create-values';
import { aNewRun, aWorker } from '../lib/postgres/testing/builders';
import { ModelDatabase } from './model/model-database';
import type { PlantedBug } from './model/session';

const MANY = searched(2_000, 10_000);

function uuidOf(number: number): string {
  return `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** Claims in rounds beside a tenant with `MANY` due runs. Returns the longest delay of a run of the other tenant beyond its fair turn. */
async function mostRoundsLate(seed: number, bugs: ReadonlySet<PlantedBug> = new Set()): Promise<number> {
  const random = new Random(seed);
  let now = 1_000_000;
  const database = new ModelDatabase(() => now, bugs);
  const query = async ({ name, values }: { name: string; values: unknown[] }) => ({
    rows: database.execute(name, values),
  });
  const claims = new PostgresClaims({ query } as never, new DatabaseClock());
  const workerSession = await claims.register(aWorker());
  let runs = 0;
  const sample = aNewRun(toRunId(uuidOf(0)), now, { sensitive: [] });
  const [, , ...others] = createValues(sample.tenant, [sample]);
  const submit = (tenant: string): string => {
    const uuid = uuidOf(++runs);
    database.execute('create-runs', [tenant, `{${uuid}}`, ...others]);
    return uuid;
  };
  for (let i = 0; i < MANY; i++) submit('acme');
  /** The latest fair round of each run of B. */
  const turns = new Map<string, number>();
  let late = 0;
  const free = random.int(2, 8);
  // If the number is odd, the tenants alternate for the last slot.
  const share = free / 2;
  for (let round = 1; round <= 12; round++) {
    now += 500;
    await claims.renew(workerSession);
    for (let i = random.int(0, 3); i > 0; i--) turns.set(submit('bravo'), round + Math.floor(turns.size / share));
    for (const { tenant, runId } of await claims.claim(workerSession, free)) {
      const uuid = [...turns.keys()].find((one) => toRunId(one) === runId);
      if (tenant !== 'bravo' || uuid === undefined) continue;
      late = Math.max(late, round - (turns.get(uuid) ?? 0));
      turns.delete(uuid);
    }
  }
  for (const turn of turns.values()) late = Math.max(late, 12 - turn);
  return late;
}

const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('claims over tenants', () => {
  it('serve the k-th due run of one within two rounds of its turn, beside thousands of another', async () => {
    // Seed 8 has three slots, so the tenants alternate for the odd one.
    for (const seed of searched([1, 8], range(1, 20))) expect(await mostRoundsLate(seed)).toBeLessThanOrEqual(1);
  }, 600_000);

  it('are found unfair if they look at times alone', async () => {
    expect(await mostRoundsLate(1, new Set(['claims-ignore-tenants']))).toBeGreaterThan(2);
  }, 600_000);

  it.each<[readonly string[], string | undefined]>([
    [[], undefined],
    [['a'], 'a'],
    [['a', 'a', 'b'], 'a'],
    [['b', 'b', 'a'], 'b'],
    [['a', 'a', 'b', 'b', 'c'], 'b'],
    [['a', 'a', 'b', 'c', 'c'], 'c'],
  ])('begin after the last one that got its share: %j', (tenants, last) => {
    expect(lastServedOf(tenants)).toBe(last);
  });
});
