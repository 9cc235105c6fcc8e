import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEnvelope, type Envelope } from '@taskrunner/core/evidence';
import { scheduleUuid, type ScheduleId } from '@taskrunner/core/foundation';
import { Client } from 'pg';
import { atNight, isNight } from './stack/at-night';
import { adminUrlOf, Replicas } from './stack/replicas';
import { Caller, pack, pause, startStack, type DevStack } from './stack/stack';

// Three webservice processes on one PostgreSQL tick for the same schedules while they are killed at random. Ticks are minutes apart, and
// waiting for a hundred of them would take as long. The only relevant clock, `pack_runs.now_ms()` of the database, is therefore replaced by
// one that runs SPEED times as fast. Everything else is the unchanged product. No worker runs: only accepted runs are counted.

const SPEED = 200;
/** Minutes until the end of a schedule that is created now: 18 seconds. */
const AHEAD = 60;
const TICKS = 100;
const MINUTE = 60_000;
const NOOP = pack('- { id: noop, run: { uses: "builtin:noop" } }');

interface Tick {
  readonly tick: string;
  readonly count: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly runId: string | null;
}

/** PostgreSQL shows the beginning of a running statement, which is the comment of its file. */
function firstLineOf(file: string): string {
  const path = join(__dirname, '../../../libs/infrastructure/src/lib/postgres', file);
  return readFileSync(path, 'utf8').split('\n', 1)[0] ?? '';
}

describe('schedules under three replicas', () => {
  let folder: string;
  let stack: DevStack;
  let sql: Client;
  let ada: Caller;
  let replicas: Replicas;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-ticks-'));
    stack = await startStack(folder, {
      workers: 0,
      configuration: {
        scheduler: {
          enabled: false,
          interval: '50ms',
          lease: '1s',
          grace: '2m',
          maxActive: 1_000,
          catchUpWindow: '365d',
        },
      },
    });
    sql = new Client({ connectionString: adminUrlOf(stack) });
    await sql.connect();
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    replicas = new Replicas(stack, { TASKRUNNER_SCHEDULER_ENABLED: 'true' });
    const { rows } = await sql.query<{ now: string }>('select pack_runs.now_ms() as now');
    const start = String(rows[0]?.now);
    await sql.query(`create or replace function pack_runs.now_ms() returns bigint language sql volatile as $$
      select ${start} + ((floor(extract(epoch from clock_timestamp()) * 1000) - ${start}) * ${SPEED})::bigint $$`);
  }, 120_000);

  afterAll(async () => {
    await replicas?.killAll();
    await sql?.end();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const now = async () => Number((await sql.query<{ now: string }>('select pack_runs.now_ms() as now')).rows[0]?.now);

  async function create(more: object): Promise<ScheduleId> {
    const { status, body } = await ada.ask('POST', '/api/schedules', { cron: '* * * * *', manifest: NOOP, ...more });
    expect([status, body['code']]).toEqual([201, undefined]);
    return body['scheduleId'] as ScheduleId;
  }

  async function history(schedule: ScheduleId): Promise<Tick[]> {
    const items: Tick[] = [];
    let cursor = '';
    do {
      const { body } = await ada.ask('GET', `/api/schedules/${schedule}/ticks?limit=200${cursor}`);
      items.push(...(body['items'] as unknown as Tick[]));
      cursor = typeof body['nextCursor'] === 'string' ? `&cursor=${body['nextCursor']}` : '';
    } while (cursor !== '');
    return items.reverse();
  }

  async function untilOver(schedule: ScheduleId, seconds: number): Promise<void> {
    for (const end = Date.now() + seconds * 1_000; ;) {
      const { body } = await ada.ask('GET', `/api/schedules/${schedule}`);
      if (body['status'] === 'over') return;
      if (Date.now() > end) throw new Error(JSON.stringify([body, await history(schedule)]));
      await pause(250);
    }
  }

  atNight(
    `${TICKS} ticks make ${TICKS} runs, each tick one, while replicas die at random`,
    async () => {
      const first = (Math.floor((await now()) / MINUTE) + 10) * MINUTE;
      const until = new Date(first + (TICKS - 1) * MINUTE).toISOString();
      const schedule = await create({ name: 'killed', overlap: 'allow', catchUp: 'all', until });
      await sql.query('update pack_runs.schedules set next_ms = $1 where schedule_id = $2', [
        first,
        scheduleUuid(schedule),
      ]);
      await Promise.all([1, 2, 3].map(() => replicas.start()));
      let over = false;
      let kills = 0;
      const killing = (async () => {
        while (!over) {
          await pause(100 + Math.random() * 500);
          if (await replicas.kill(Math.random())) kills++;
          // A replica that died before it did anything would prove nothing.
          await replicas.start();
        }
      })();
      await untilOver(schedule, 400);
      over = true;
      await killing;
      const ticks = await history(schedule);
      expect(ticks.map(({ tick, outcome, count }) => [Date.parse(tick), outcome, count])).toEqual(
        Array.from({ length: TICKS }, (_, at) => [first + at * MINUTE, 'ran', 1]),
      );
      expect(new Set(ticks.map(({ runId }) => runId)).size).toBe(TICKS);
      const { rows } = await sql.query<{ admission: Envelope }>('select admission from pack_runs.run_sources');
      expect(rows).toHaveLength(TICKS);
      for (const { admission } of rows) {
        const { payload } = decodeEnvelope(admission);
        expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({ scheduleId: schedule });
      }
      expect((await sql.query('select 1 from pack_runs.runs')).rowCount).toBe(TICKS);
      console.info(`${TICKS} ticks, ${kills} replicas killed, ${rows.length} runs`);
      expect(kills).toBeGreaterThan(3);
    },
    500_000,
  );

  /** Where a replica dies: at the second place in every change, at both at night. */
  const DEATHS: readonly (readonly [name: string, table: string, mode: string, blocked: string])[] = [
    [
      'has claimed a tick and not yet looked at it',
      'pack_runs.schedule_ticks',
      'access exclusive',
      firstLineOf('schedules/find-schedule.sql'),
    ],
    [
      'is in the middle of the transaction that creates the run',
      'pack_runs.run_sources',
      // A replica reads the admissions of earlier ticks before it creates a run.
      'exclusive',
      firstLineOf('submission/create-runs.sql'),
    ],
  ];
  it.each(DEATHS.slice(isNight ? 0 : 1))(
    'a replica that %s may die: the tick runs once',
    async (_name, table, mode, blocked) => {
      await replicas.killAll();
      // No replica runs yet. The schedule ends with its first tick, which has passed when one does.
      const tick = (Math.floor((await now()) / MINUTE) + AHEAD) * MINUTE;
      const until = new Date(tick).toISOString();
      const schedule = await create({ name: `dies-${table}`, overlap: 'allow', catchUp: 'all', until });
      const lock = new Client({ connectionString: adminUrlOf(stack) });
      await lock.connect();
      try {
        await lock.query(`begin; lock table ${table} in ${mode} mode`);
        await sql.query('update pack_runs.schedules set next_ms = $1 where schedule_id = $2', [
          tick,
          scheduleUuid(schedule),
        ]);
        await replicas.start();
        const waits = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like $1`;
        while ((await sql.query(waits, [`${blocked}%`])).rowCount === 0) await pause(20);
        await replicas.killAll();
      } finally {
        await lock.query('rollback');
        await lock.end();
      }
      await Promise.all([replicas.start(), replicas.start()]);
      await untilOver(schedule, 60);
      expect(await history(schedule)).toMatchObject([{ tick: new Date(tick).toISOString(), outcome: 'ran', count: 1 }]);
      const { rows } = await sql.query<{ admission: Envelope }>('select admission from pack_runs.run_sources');
      const ours = rows.filter(({ admission }) =>
        new TextDecoder().decode(decodeEnvelope(admission).payload).includes(schedule),
      );
      expect(ours).toHaveLength(1);
    },
    120_000,
  );

  it('what nobody could run in time is made up as each schedule says', async () => {
    await replicas.killAll();
    const ids: ScheduleId[] = [];
    const rules = ['none', 'latest', 'all'] as const;
    const last = (Math.floor((await now()) / MINUTE) + AHEAD) * MINUTE;
    const until = new Date(last).toISOString();
    for (const catchUp of rules) ids.push(await create({ name: `down-${catchUp}`, overlap: 'allow', catchUp, until }));
    // All ticks pass without a webservice. The last one is long past the grace period.
    const ticks = isNight ? 20 : 6;
    const first = last - (ticks - 1) * MINUTE;
    for (const id of ids)
      await sql.query('update pack_runs.schedules set next_ms = $1 where schedule_id = $2', [first, scheduleUuid(id)]);
    while ((await now()) < last + 5 * MINUTE) await pause(50);
    await replicas.start();
    for (const id of ids) await untilOver(id, 60);
    const [none, latest, all] = await Promise.all(ids.map(history));
    expect(none).toEqual([
      expect.objectContaining({ outcome: 'skipped', reason: 'MISSED', count: ticks, runId: null }),
    ]);
    expect(latest).toMatchObject([
      { outcome: 'skipped', reason: 'SUPERSEDED', count: ticks - 1 },
      { outcome: 'ran', tick: new Date(last).toISOString() },
    ]);
    expect(all?.map(({ tick, outcome }) => [Date.parse(tick), outcome])).toEqual(
      Array.from({ length: ticks }, (_, at) => [first + at * MINUTE, 'ran']),
    );
  }, 120_000);

  it('another environment stops a schedule, and runs nothing', async () => {
    await replicas.killAll();
    const schedule = await create({ name: 'elsewhere', overlap: 'allow', catchUp: 'all' });
    const before = (await ada.ask('GET', `/api/schedules/${schedule}`)).body;
    await replicas.start({ TASKRUNNER_LIMITS_MAX_PARALLEL: '3' });
    while ((await history(schedule)).length === 0) await pause(200);
    expect(await history(schedule)).toMatchObject([{ outcome: 'stopped', reason: 'PROFILE_MISMATCH', runId: null }]);
    const { status, stopped } = (await ada.ask('GET', `/api/schedules/${schedule}`)).body as {
      status: string;
      stopped: { found: { planHash: string; profileDigest: string } };
    };
    expect([status, stopped.found.planHash]).toEqual(['stopped', before['planHash']]);
    expect(stopped.found.profileDigest).not.toBe(before['profileDigest']);
  }, 60_000);
});
