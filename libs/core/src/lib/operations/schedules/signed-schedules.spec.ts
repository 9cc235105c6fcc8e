import { sha256 } from '../../canonical/digest';
import type { RunId, ScheduleId, TenantId } from '../../foundation/ids';
import type { ScheduleStore } from '../../ports/schedules/schedule-store';
import type { Schedule, StoredTick } from '../../schedule/schedule';
import type { ScheduleAlteration } from '../../stored/stored-schedule';
import { aKey } from '../../../testing/sample-signing';
import { aSchedule as made, aTickRun, party, scheduleLedger } from '../../../testing/schedule-ledger';

const ledger = scheduleLedger({} as ScheduleStore);

it('is what was signed, whatever its next tick and the reason of its stop', async () => {
  const signed = await ledger.sign(made);
  const stopped = { code: 'MISSED', message: '', tick: 0, found: null, at: 0 };
  expect(() => ledger.compare({ ...signed, next: null, stopped })).not.toThrow();
  const { source: _source, inputs: _inputs, ...summary } = signed;
  expect(() => ledger.compare(summary)).not.toThrow();
});

it.each<[string, Partial<Schedule>]>([
  ['tenant', { tenant: 'evil' as TenantId }],
  ['scheduleId', { scheduleId: 'sch_2' as ScheduleId }],
  ['name', { name: 'weekly' }],
  ['revision', { revision: 4 }],
  ['cron', { timing: { ...made.timing, cron: '* * * * *' } }],
  ['timeZone', { timing: { ...made.timing, timeZone: 'Europe/Berlin' } }],
  ['overlap', { timing: { ...made.timing, overlap: 'allow' } }],
  ['catchUp', { timing: { ...made.timing, catchUp: 'all' } }],
  ['catchUpWindow', { timing: { ...made.timing, catchUpWindowMs: 1 } }],
  ['until', { timing: { ...made.timing, until: null } }],
  ['pack', { pack: { ...made.pack, contentDigest: sha256('other') } }],
  ['sourceDigest', { source: { ...made.source, manifest: 'a: 2' } }],
  ['inputsDigest', { inputs: { a: 2 } }],
  ['planHash', { pin: { ...made.pin, planHash: sha256('other') } }],
  ['profileDigest', { pin: { ...made.pin, profileDigest: sha256('other') } }],
  ['labels', { labels: {} }],
  ['creator', { creator: party('mallory') }],
  ['editor', { editor: party('ada') }],
  ['author', { author: { ...made.author, actors: [] } }],
  ['paused', { paused: true }],
  ['createdAt', { createdAt: 1 }],
  ['updatedAt', { updatedAt: 1 }],
])('is altered with another %s', async (part, change) => {
  const altered = { ...(await ledger.sign(made)), ...change };
  expect(() => ledger.compare(altered)).toThrow(expect.objectContaining({ code: 'SCHEDULE_ALTERED' }) as Error);
  expect(() => ledger.compare(altered)).toThrow(`the part ${part} of schedule ${altered.scheduleId}`);
});

it('is altered with the signature of another key, an envelope of another type, none, or values that no document can have', async () => {
  const signed = await ledger.sign(made);
  const foreign = await scheduleLedger({} as ScheduleStore).sign(made);
  const other = { ...signed.record, payloadType: 'application/vnd.taskrunner.admission+json' };
  for (const record of [foreign.record, other, {}, null])
    expect(() => ledger.compare({ ...signed, record })).toThrow('the signature of schedule');
  for (const change of [{ updatedAt: Number.MAX_VALUE }, { inputs: { a: '\ud800' } }])
    expect(() => ledger.compare({ ...signed, ...change })).toThrow('the row of schedule');
});

it.each<[string, Partial<Schedule>]>([
  ['the next tick', { next: 9e15 }],
  ['the reason of the stop', { stopped: {} as never }],
  ['the reason of the stop', { stopped: 5 as never }],
  ['the part labels', { labels: 'a document that nobody can read' as never }],
  ['the part pack', { pack: 'a document that nobody can read' as never }],
  ['the reason of the stop', { stopped: { code: 'MISSED', message: '', tick: 1e300, found: null, at: 0 } }],
])('shows a schedule of which %s cannot be shown as altered, in a list that goes on', async (what, change) => {
  const listed: Schedule[] = [];
  const alarms: ScheduleAlteration[] = [];
  const store = { list: () => Promise.resolve(listed) } as unknown as ScheduleStore;
  const schedules = scheduleLedger(store, alarms);
  const good = await schedules.sign({ ...made, scheduleId: 'sch_9' as ScheduleId });
  const bad = { ...(await schedules.sign(made)), ...change };
  const paused = { ...(await schedules.sign({ ...made, paused: true })), name: 'evil', creator: null as never };
  expect(() => schedules.compare(bad)).toThrow(what);
  alarms.length = 0;
  listed.push(bad, good, { ...bad, record: null }, paused);
  const stopped = { code: 'SCHEDULE_ALTERED', tick: made.updatedAt, at: made.updatedAt, found: null };
  expect(await schedules.list(made.tenant, 10, null)).toMatchObject([
    { stopped, next: null },
    good,
    { stopped },
    { stopped, creator: { name: '', actors: [] } },
  ]);
  expect(alarms).toHaveLength(3);
});

describe('the history of a schedule', () => {
  const RUN = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId;
  const ran = { first: 7_000, last: 7_000, count: 1, outcome: 'ran', reason: null, runId: RUN, at: 8_000 } as const;

  async function history(change: Partial<StoredTick>, alarms: ScheduleAlteration[] = []) {
    const key = aKey('admission');
    const { admission } = aTickRun(key, made, RUN);
    const lines = [{ ...ran, admission, ...change }];
    const store = { find: async () => made, ticks: async () => lines } as unknown as ScheduleStore;
    return scheduleLedger(store, alarms, key).ticks(made.tenant, made.scheduleId, 10, null);
  }

  it('names the runs that were admitted for it, and those that are not there any more', async () => {
    expect(await history({})).toEqual([ran]);
    expect(await history({ admission: null })).toEqual([ran]);
    // The key that admitted a run may be gone, as after a rotation.
    expect(await history({ admission: aTickRun(aKey('admission'), made, RUN).admission })).toEqual([ran]);
    const skipped = { outcome: 'skipped', reason: 'OVERLAP', runId: null, admission: null, count: 3 } as const;
    expect(await history(skipped)).toMatchObject([{ outcome: 'skipped', reason: 'OVERLAP', runId: null, count: 3 }]);
  });

  it.each<[string, Partial<StoredTick>, object]>([
    ['the run', { runId: RUN.replace('run_01', 'run_02') as RunId }, {}],
    ['the run', { admission: {} }, {}],
    ['the run', { admission: aTickRun(aKey('admission'), made, RUN, { scheduleId: null }).admission }, {}],
    ['a time', { last: 9e15 }, {}],
    ['a time', { at: -1 }, { at: 7_000 }],
    ['a time', { at: null as never }, { at: 7_000 }],
    ['the count', { count: 0 }, {}],
    ['the outcome', { outcome: 'evil' as never }, { outcome: 'stopped' }],
    ['the outcome', { reason: {} as never }, {}],
  ])('goes on with an alarm where %s of a line was altered', async (part, change, shown) => {
    const alarms: ScheduleAlteration[] = [];
    expect(await history(change, alarms)).toEqual([{ ...ran, runId: null, reason: 'SCHEDULE_ALTERED', ...shown }]);
    expect(alarms).toEqual([
      { tenant: made.tenant, scheduleId: made.scheduleId, what: `${part} of a line in the history` },
    ]);
  });

  it('goes on without lines that have no place, with an alarm', async () => {
    const key = aKey('admission');
    const line = { ...ran, admission: null };
    const ticks = [{ ...line, first: 9e15 }, { ...line, first: 9e15 - 1 }, line, { ...line, first: -1 }];
    const store = {
      find: async () => made,
      ticks: async (_tenant: unknown, _id: unknown, limit: number, before: number | null) =>
        ticks.filter(({ first }) => before === null || first < before).slice(0, limit),
    } as unknown as ScheduleStore;
    for (const limit of [2, 10]) {
      const alarms: ScheduleAlteration[] = [];
      const shown = await scheduleLedger(store, alarms, key).ticks(made.tenant, made.scheduleId, limit, null);
      expect(shown).toEqual([ran]);
      expect(alarms.map(({ what }) => what)).toContain('a time of a line in the history');
    }
  });
});
