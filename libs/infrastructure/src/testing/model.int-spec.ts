import { Random, searched } from '@taskrunner/core/testing';
import type { Pool, PoolClient } from 'pg';
import { startEmbeddedPostgres } from '../lib/embedded-postgres/embedded-postgres';
import { openPool } from '../lib/postgres/connection/connection';
import { startTestServer } from '../lib/postgres/testing/test-database';
import type { TestDatabase, TestServer } from '../lib/postgres/testing/test-database';
import type { Running } from './model/model-database';
import { Sides, type Outcome } from '../lib/postgres/testing/sides';

// Validates the model. The same statements, sequential and concurrent, must yield the same rows, errors and tables in the model and in
// PostgreSQL.

const SEQUENCES = searched(3, 200);
const STATEMENTS = 30;
const PAIRS = searched(30, 1_000);
/** Number of additional pairs of statements about assignments. */
const FAN_OUT_PAIRS = searched(30, 1_000);
/** Statements that skip locked rows. */
const PASSING = ['claim-runs', 'claim-assignment'];

let host: TestServer;
let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
  pool = openPool(database.url('admin'), { max: 4 });
});
afterAll(async () => {
  await pool.end();
  await host.stop();
});

describe('the model of the database', () => {
  it.each([
    ['statements', false],
    ['statements about assignments', true],
  ])(
    `does what PostgreSQL does, in ${SEQUENCES} sequences of %s`,
    async (_, withAssignments) => {
      for (let seed = 1; seed <= SEQUENCES; seed++) {
        const sides = new Sides(database, pool, new Random(seed), withAssignments);
        await sides.clear();
        for (let i = 0; i < (withAssignments ? 2 * STATEMENTS : STATEMENTS); i++) {
          if (sides.random.chance(0.1)) await sides.age();
          if (withAssignments && sides.random.chance(0.05)) await sides.die();
          await sides.both(sides.statements.next());
        }
        await sides.compareTables();
      }
    },
    900_000,
  );

  it.each([
    [PAIRS, 'statements', false],
    [FAN_OUT_PAIRS, 'statements about assignments', true],
  ])(
    `does what PostgreSQL does where %i %s stand in each other's way`,
    async (pairs, _, withAssignments) => {
      let blocked = 0;
      const [first, second] = [await pool.connect(), await pool.connect()];
      try {
        for (let seed = 1; seed <= pairs; seed++) {
          const sides = new Sides(database, pool, new Random(1_000 + seed), withAssignments);
          await sides.clear();
          for (let i = 0; i < (withAssignments ? 20 : 12) || !sides.statements.isPeopled; i++)
            await sides.both(sides.statements.next());
          blocked += await playPair(sides, first, second);
          await sides.compareTables();
        }
      } finally {
        first.release(true);
        second.release(true);
      }
      expect(blocked).toBeGreaterThan(pairs / 20);
    },
    900_000,
  );
});

/** Executes one statement without its commit while another begins. Returns 1 if the other had to wait. */
async function playPair(sides: Sides, first: PoolClient, second: PoolClient): Promise<number> {
  const [one, other] = sides.statements.nextPair();
  const commits = sides.random.chance(0.8);
  const { model } = sides;
  const running = model.begin(one.name, one.values(sides.modelWorkers));
  const found = goOn(running);
  await first.query('begin');
  const expected = await sides.askReal(first, one);
  sides.compare(one.name, expected, found ?? { rows: 'waits for nobody' });
  // A statement that changed nothing may or may not have locked the rows that it read, depending on the query plan. A claim skips locked
  // rows.
  if (!changes(expected) && PASSING.includes(other.name)) {
    // An error may have come after some of its changes.
    if ('rows' in expected) model.commit(running);
    else running.tx.abort();
    await first.query('commit');
    return 0;
  }

  const behind = model.begin(other.name, other.values(sides.modelWorkers));
  const early = goOn(behind);
  let answered = false;
  const answer = sides.askReal(second, other).then((outcome) => {
    answered = true;
    return outcome;
  });
  await untilAnsweredOrBlocked(second, () => answered);
  const waits = !answered;
  if ('rows' in expected && commits) model.commit(running);
  else running.tx.abort();
  await first.query(commits ? 'commit' : 'rollback');
  const late = early ?? goOn(behind) ?? { rows: 'waits for ever' };
  if ('rows' in late) model.commit(behind);
  else behind.tx.abort();
  const behindIt = await answer;
  sides.compare(`${other.name} behind ${one.name}`, behindIt, late);
  // A statement that changed nothing may or may not have locked the rows that it read, depending on the query plan.
  if (changes(expected) && changes(behindIt))
    expect({ one: one.name, other: other.name, waits: early === null }).toEqual({
      ...{ one: one.name, other: other.name, waits },
    });
  return early === null ? 1 : 0;
}

function changes(outcome: Outcome): boolean {
  return 'rows' in outcome && (outcome.rows as unknown[]).length > 0;
}

/** Continues the execution until the statement ends, or waits for another one (null). */
function goOn({ execution }: Running): Outcome | null {
  try {
    for (;;) {
      const step = execution.next();
      if (step.done) return { rows: step.value };
      if (step.value && !step.value.over) return null;
    }
  } catch (error) {
    return { code: (error as { code: string }).code };
  }
}

async function untilAnsweredOrBlocked(client: PoolClient, answered: () => boolean): Promise<void> {
  const { processID } = client as unknown as { processID: number };
  for (let round = 0; round < 2_000 && !answered(); round++) {
    const [row] = await database.sql<{ waits: boolean }>(
      `select wait_event_type = 'Lock' as waits from pg_stat_activity where pid = $1`,
      [processID],
    );
    if (row?.waits) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
