import { CodedError } from '../../foundation/coded-error';
import { sha256 } from '../../canonical/digest';
import type { RunId, ScheduleId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import { Calendar } from '../../ports/schedules/calendar';
import { ObjectStore } from '../../ports/objects/object-store';
import type { NewRun } from '../../ports/runs/run-store';
import {
  ScheduleStore,
  type DueSchedule,
  type Kept,
  type Ticked,
  type TickPlace,
} from '../../ports/schedules/schedule-store';
import {
  initiatorsOfSchedule,
  type Schedule,
  type ScheduleSummary,
  type StopNotice,
  type StoredTick,
  type TickRecord,
  type TickRun,
} from '../../schedule/schedule';
import { KeepSchedules, type ScheduleEdit, type ScheduleExpectation } from './keep-schedules';
import type { AdmissiblePack } from '../packs/admissible-pack';
import type { ScheduleAlteration } from '../../stored/stored-schedule';
import { aKey } from '../../../testing/sample-signing';
import { aTickRun, scheduleLedger } from '../../../testing/schedule-ledger';
import { RunDueTicks, type TickReport } from './run-due-ticks';
import type { Submission } from '../submission/submission';
import type { SubmitRun } from '../submission/submit-run';
import { PlanHashMismatch } from '../submission/submit-run-error';

const TENANT = 'acme' as TenantId;
const MINUTE = 60_000;
const NOW = 100 * MINUTE;
const RUN = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId;
const PIN = { planHash: sha256('plan'), profileDigest: sha256('profile') };
const party = (sub: string) => ({ name: sub, actors: [{ iss: 'https://id.test', sub, kind: 'person' as const }] });

function aSchedule(id: string, overrides: Partial<Schedule> = {}): Schedule {
  return {
    tenant: TENANT,
    scheduleId: id as ScheduleId,
    name: id,
    revision: 1,
    timing: {
      cron: '* * * * *',
      timeZone: 'UTC',
      overlap: 'forbid',
      catchUp: 'none',
      catchUpWindowMs: 0,
      until: null,
    },
    source: { kind: 'inline', manifest: '', hasLines: true, files: [] },
    inputs: {},
    pack: { name: 'p', version: '1.0.0', contentDigest: sha256('c') },
    pin: PIN,
    labels: {},
    creator: party('ada'),
    editor: party('ada'),
    author: party('ada'),
    paused: false,
    stopped: null,
    next: NOW,
    createdAt: 0,
    updatedAt: 0,
    record: null,
    ...overrides,
  };
}

/** Schedules in memory; what was done about ticks is written down. */
class MemorySchedules extends ScheduleStore {
  readonly done: string[] = [];
  /** Ticks that come while an edit is under way. */
  interruptions = 0;
  readonly alarms: ScheduleAlteration[] = [];
  readonly key = aKey('admission');
  readonly ledger = scheduleLedger(this, this.alarms, this.key);
  /** Active runs of each schedule. */
  active: readonly TickRun[] = [];

  constructor(readonly all: Map<string, Schedule>) {
    super();
  }

  stamp = () => Promise.resolve({ at: NOW, scheduleId: 'new' as ScheduleId });
  create = (): Promise<Kept> => Promise.resolve({ kind: 'kept' });
  find = async (_tenant: TenantId, id: ScheduleId): Promise<Schedule | null> => {
    const found = this.all.get(id);
    if (!found || found.record !== null || this.unsigned) return found ?? null;
    const signed = await this.ledger.sign(found);
    this.all.set(id, signed);
    return signed;
  };
  /** Rows without a record stay without one. */
  unsigned = false;

  list = (): Promise<readonly ScheduleSummary[]> => Promise.resolve([...this.all.values()]);
  remove = (_tenant: TenantId, id: ScheduleId) => Promise.resolve(this.all.delete(id));
  ticks = (): Promise<readonly StoredTick[]> => Promise.resolve([]);

  replace(schedule: Schedule, before: number | null): Promise<Kept> {
    const known = this.all.get(schedule.scheduleId);
    if (known && this.interruptions-- > 0)
      this.all.set(known.scheduleId, { ...known, next: (known.next ?? 0) + MINUTE });
    const now = this.all.get(schedule.scheduleId);
    if (now?.next !== before || now.revision !== schedule.revision - 1)
      return Promise.resolve({ kind: 'refused', code: 'SCHEDULE_CHANGED' });
    this.all.set(schedule.scheduleId, schedule);
    return Promise.resolve({ kind: 'kept' });
  }

  takeDue = () => Promise.resolve([...this.all.values()].map(({ tenant, scheduleId }) => ({ tenant, scheduleId })));

  async due(tenant: TenantId, id: ScheduleId): Promise<DueSchedule | null> {
    const schedule = await this.find(tenant, id);
    return schedule ? { schedule, now: NOW + 1, active: this.active } : null;
  }

  held = false;

  start(
    place: TickPlace,
    { run, replaces }: { readonly run: NewRun; readonly replaces: readonly RunId[] },
  ): Promise<Ticked | 'held'> {
    if (this.held) return Promise.resolve('held');
    this.done.push([`ran ${place.scheduleId} ${run.runId}`, ...replaces].join(' for '));
    return Promise.resolve('done');
  }

  skip(place: TickPlace, { reason }: Pick<TickRecord, 'reason'>): Promise<Ticked> {
    this.done.push(`skipped ${place.scheduleId} ${String(reason)}`);
    return Promise.resolve('done');
  }

  stop(place: TickPlace, notice: StopNotice, announcement: JsonObject): Promise<Ticked> {
    this.done.push(
      `stopped ${place.scheduleId} ${notice.code} ${JSON.stringify(notice.found)} ${JSON.stringify(announcement['type'])}`,
    );
    return Promise.resolve('done');
  }
}

class EveryMinute extends Calendar {
  objection = () => null;
  nextAfter = (_cron: string, _zone: string, ms: number) => (Math.floor(ms / MINUTE) + 1) * MINUTE;
}

class NoObjects extends ObjectStore {
  private gone = (): never => {
    throw new TypeError('not asked for');
  };
  put = this.gone;
  open = this.gone;
  stat = this.gone;
  delete = this.gone;
  probe = this.gone;
  sweep = this.gone;
}

function turn(schedules: MemorySchedules, prepare: SubmitRun['prepare'], reported: TickReport[] = []): Promise<number> {
  const limits = { graceMs: MINUTE, maxActive: 5, maxSkips: 5, batch: 10, leaseMs: 1 };
  const dependencies = {
    schedules,
    signed: schedules.ledger,
    objects: new NoObjects(),
    calendar: new EveryMinute(),
    submitRun: { prepare },
    limits,
  };
  return new RunDueTicks({ ...dependencies, onTick: (one) => reported.push(one) }).turn();
}

const all = (...schedules: Schedule[]) => new MemorySchedules(new Map(schedules.map((one) => [one.scheduleId, one])));

describe('due ticks', () => {
  it('run for everybody behind the schedule, as it was pinned', async () => {
    const submissions: [Principal, Submission][] = [];
    const schedules = all(aSchedule('one', { editor: party('grace'), author: party('linus') }));
    await turn(schedules, (principal, submission) => {
      submissions.push([principal, submission]);
      return Promise.resolve({ runId: RUN } as NewRun);
    });
    expect(schedules.done).toEqual([`ran one ${RUN}`]);
    const [[principal, submission] = []] = submissions;
    expect(principal).toMatchObject({ sub: 'ada', tenant: TENANT, scopes: ['packs.run'], grants: [] });
    expect(principal?.actors.map(({ sub }) => sub)).toEqual(['grace', 'linus']);
    expect(submission).toMatchObject({
      planHash: PIN.planHash,
      schedule: { scheduleId: 'one', profileDigest: PIN.profileDigest },
    });
  });

  it('stop a schedule for what is refused, and for nothing that may pass by itself; one never holds up another', async () => {
    const schedules = all(aSchedule('changed'), aSchedule('lost'), aSchedule('unlucky'), aSchedule('fine'));
    const reported: TickReport[] = [];
    const found = { planHash: sha256('other'), profileDigest: PIN.profileDigest };
    const errors: Record<string, Error> = {
      changed: new PlanHashMismatch(found.planHash, {}, [], found.profileDigest),
      lost: new CodedError('OBJECT_DIGEST_MISMATCH', 'm', 'r'),
      unlucky: new Error('connection reset'),
    };
    const prepare: SubmitRun['prepare'] = (_principal, { schedule }) => {
      const error = errors[schedule?.scheduleId ?? ''];
      return error ? Promise.reject(error) : Promise.resolve({ runId: RUN } as NewRun);
    };
    expect(await turn(schedules, prepare, reported)).toBe(4);
    expect(schedules.done).toEqual([
      `stopped changed PLAN_HASH_MISMATCH ${JSON.stringify(found)} "schedule.stopped"`,
      'stopped lost OBJECT_DIGEST_MISMATCH null "schedule.stopped"',
      `ran fine ${RUN}`,
    ]);
    expect(reported.map(({ scheduleId, outcome }) => `${scheduleId} ${outcome}`)).toEqual([
      'changed stopped',
      'lost stopped',
      'unlucky failed',
      'fine ran',
    ]);
  });

  it('are skipped where another run holds the concurrency group and the pack says that runs are refused', async () => {
    const schedules = all(aSchedule('one'));
    schedules.held = true;
    const reported: TickReport[] = [];
    await turn(schedules, async () => ({ runId: 'run_1' }) as never, reported);
    expect(schedules.done).toEqual(['skipped one CONCURRENCY_GROUP_HELD']);
    expect(reported).toMatchObject([{ outcome: 'skipped', reason: 'CONCURRENCY_GROUP_HELD' }]);
  });

  it('stop a schedule whose row is not what was signed, with an alarm, or that nobody signed', async () => {
    const schedules = all(aSchedule('altered'), aSchedule('moved'));
    for (const id of ['altered', 'moved'] as ScheduleId[]) await schedules.find(TENANT, id);
    const [altered, moved] = [...schedules.all.values()] as [Schedule, Schedule];
    schedules.all.set('altered', { ...altered, creator: party('mallory') });
    schedules.all.set('moved', { ...altered, scheduleId: moved.scheduleId });
    schedules.all.set('unsigned', aSchedule('unsigned'));
    schedules.unsigned = true;
    await turn(schedules, () => Promise.reject(new TypeError('nothing runs')));
    expect(schedules.done).toEqual([
      'stopped altered SCHEDULE_ALTERED null "schedule.stopped"',
      'stopped moved SCHEDULE_ALTERED null "schedule.stopped"',
      'stopped unsigned SCHEDULE_UNSIGNED null "schedule.stopped"',
    ]);
    expect(schedules.alarms).toMatchObject([
      { tenant: TENANT, scheduleId: 'altered', what: 'the part creator' },
      { tenant: TENANT, scheduleId: 'moved', what: 'the part scheduleId' },
    ]);
  });

  it.each([-1, -(2 ** 63)])('stop a schedule whose next tick %d no program has written', async (next) => {
    const schedules = all(aSchedule('altered'));
    await schedules.find(TENANT, 'altered' as ScheduleId);
    const [signed] = [...schedules.all.values()] as [Schedule];
    schedules.all.set('altered', { ...signed, next });
    const reported: TickReport[] = [];
    await turn(schedules, () => Promise.reject(new TypeError('nothing runs')), reported);
    expect(schedules.done).toEqual(['stopped altered SCHEDULE_ALTERED null "schedule.stopped"']);
    expect(schedules.alarms).toMatchObject([{ tenant: TENANT, scheduleId: 'altered', what: 'the next tick' }]);
    expect(reported).toMatchObject([{ outcome: 'stopped', tick: NOW + 1, reason: 'SCHEDULE_ALTERED' }]);
  });

  it('replace a run of the schedule, and stop it for a line that names another run, which is not cancelled', async () => {
    const timing = { ...aSchedule('').timing, overlap: 'replace' } as const;
    const others: [string, Parameters<typeof aTickRun>[3]][] = [
      ['of another schedule', { scheduleId: 'two' }],
      ['of a person', { scheduleId: null }],
      ['of another tenant', { tenant: 'evil' }],
      ['with the admission of another run', { runId: RUN.replace('run_01', 'run_02') }],
    ];
    const schedules = all(aSchedule('one', { timing }));
    const prepare = () => Promise.resolve({ runId: 'run_new' as RunId } as NewRun);
    const own = aTickRun(schedules.key, aSchedule('one'), RUN);
    schedules.active = [own];
    await turn(schedules, prepare);
    for (const [, overrides] of others) {
      schedules.active = [own, aTickRun(schedules.key, aSchedule('one'), RUN, overrides)];
      await turn(schedules, prepare);
    }
    for (const admission of [null, {}, aTickRun(aKey('admission'), aSchedule('one'), RUN).admission]) {
      schedules.active = [{ runId: RUN, admission }];
      await turn(schedules, prepare);
    }
    const stopped = Array.from({ length: 7 }, () => 'stopped one SCHEDULE_ALTERED null "schedule.stopped"');
    expect(schedules.done).toEqual([`ran one run_new for ${RUN}`, ...stopped]);
    expect(schedules.alarms).toHaveLength(7);
    expect(schedules.alarms[0]).toEqual({
      tenant: TENANT,
      scheduleId: 'one',
      what: `the line of run ${RUN} in the history`,
    });
  });

  it('do nothing where a schedule was paused or stopped after it was taken', async () => {
    const notice: StopNotice = { code: 'X', message: '', tick: 0, found: null, at: 0 };
    const schedules = all(
      aSchedule('paused', { paused: true }),
      aSchedule('stopped', { stopped: notice }),
      aSchedule('over', { next: null }),
      aSchedule('early', { next: NOW + MINUTE }),
    );
    await turn(schedules, () => Promise.reject(new TypeError('nothing runs')));
    expect(schedules.done).toEqual([]);
  });
});

describe('an edit', () => {
  const linus: Principal = {
    ...{ iss: 'https://id.test', sub: 'linus', kind: 'person', tenant: TENANT, name: 'linus', scopes: ['packs.run'] },
    ...{ grants: [], actors: [], authTimeMs: 0, acr: null },
  };
  const planned = {
    ...PIN,
    pack: { name: 'p', version: '1.0.0', contentDigest: sha256('c') },
    packed: [],
  } as unknown as AdmissiblePack;
  const UNSIGNED = { signers: [], signatures: [], refusal: null };
  const keep = (schedules: MemorySchedules) =>
    new KeepSchedules({
      schedules,
      signed: schedules.ledger,
      objects: new NoObjects(),
      calendar: new EveryMinute(),
      submitRun: { check: async () => ({ planning: planned, trust: UNSIGNED, published: [] }) },
      limits: { maxPerTenant: 9, catchUpWindowMs: MINUTE },
    });
  const nothing: ScheduleExpectation = { planHash: null, profileDigest: null, revision: null };

  it('is made again where a tick came in between, and does not put the schedule back', async () => {
    const schedules = all(aSchedule('one'));
    schedules.interruptions = 3;
    const edited = await keep(schedules).edit(linus, 'one' as ScheduleId, { labels: { a: 'b' } }, nothing);
    expect(edited).toMatchObject({ revision: 2, next: NOW + 3 * MINUTE, labels: { a: 'b' } });
    schedules.interruptions = 99;
    await expect(keep(schedules).edit(linus, 'one' as ScheduleId, { paused: true }, nothing)).rejects.toMatchObject({
      code: 'SCHEDULE_CHANGED',
    });
  });

  it.each([
    ['a label', { labels: { a: 'b' } }, 'linus', 'ada'],
    ['its inputs', { inputs: { a: 1 } }, 'linus', 'linus'],
    ['a pause', { paused: true }, 'ada', 'ada'],
    ['a pause and a label', { paused: true, labels: {} }, 'linus', 'ada'],
  ])('of %s makes who did it editor or author as the guide says', async (_name, edit, editor, author) => {
    const after = await keep(all(aSchedule('one'))).edit(linus, 'one' as ScheduleId, edit, nothing);
    expect([after.editor.name, after.author.name]).toEqual([editor, author]);
  });

  it('that changes nothing leaves the schedule as it was, with its revision and editor', async () => {
    const { timing, name } = aSchedule('one');
    const edits: ScheduleEdit[] = [
      ...[{}, { name }, { inputs: {}, labels: {} }, { timing: { cron: timing.cron, until: null } }, { paused: false }],
      { source: { manifest: '', hasLines: true, files: [] } },
    ];
    const schedules = all(aSchedule('one', { next: MINUTE }));
    const before = await schedules.find(TENANT, 'one' as ScheduleId);
    for (const edit of edits) {
      const after = await keep(schedules).edit(linus, 'one' as ScheduleId, edit, nothing);
      expect([edit, after]).toEqual([edit, before]);
    }
    expect(schedules.all.get('one')).toBe(before);
    const paused = all(aSchedule('one', { paused: true }));
    expect(await keep(paused).edit(linus, 'one' as ScheduleId, { paused: true }, nothing)).toMatchObject({
      revision: 1,
    });
    const moved = all(aSchedule('one', { pin: { ...PIN, profileDigest: sha256('earlier') } }));
    expect(await keep(moved).edit(linus, 'one' as ScheduleId, {}, nothing)).toMatchObject({ revision: 2, pin: PIN });
  });

  it('makes everybody who acted for its editor an initiator of its runs', async () => {
    const bot = { iss: 'https://id.test', sub: 'bot', kind: 'client' as const };
    const mary = { iss: 'https://id.test', sub: 'mary', kind: 'person' as const };
    const through = { ...linus, actors: [bot, mary] };
    const after = await keep(all(aSchedule('one'))).edit(through, 'one' as ScheduleId, { labels: { a: 'b' } }, nothing);
    expect(initiatorsOfSchedule(after).map(({ sub }) => sub)).toEqual(['ada', 'linus', 'bot', 'mary']);
  });

  it('of an altered schedule is refused; of one that nobody signed it needs what it runs, and takes it over', async () => {
    const schedules = all(aSchedule('one'));
    await schedules.find(TENANT, 'one' as ScheduleId);
    const signed = schedules.all.get('one') as Schedule;
    schedules.all.set('one', { ...signed, revision: 7 });
    const edit = (change: ScheduleEdit, expected = nothing) =>
      keep(schedules).edit(linus, 'one' as ScheduleId, change, expected);
    for (const change of [{ paused: true }, { labels: {} }])
      await expect(edit(change)).rejects.toMatchObject({ code: 'SCHEDULE_ALTERED' });
    schedules.all.set('one', { ...signed, record: null });
    schedules.unsigned = true;
    expect(await edit({ paused: true })).toMatchObject({ paused: true, record: null });
    await expect(edit({ labels: {} })).rejects.toMatchObject({ code: 'SCHEDULE_UNCONFIRMED' });
    const after = await edit({ paused: false, inputs: {} }, { ...nothing, ...PIN });
    expect([after.creator, after.editor, after.author].map(({ name }) => name)).toEqual(['linus', 'linus', 'linus']);
    expect(() => schedules.ledger.compare(after)).not.toThrow();
  });

  it('begins anew after a pause, and does not after none', async () => {
    const paused = await keep(all(aSchedule('one', { paused: true, next: MINUTE }))).edit(
      linus,
      'one' as ScheduleId,
      { paused: false },
      nothing,
    );
    expect(paused.next).toBe(NOW + MINUTE);
    const running = await keep(all(aSchedule('one', { next: MINUTE }))).edit(
      linus,
      'one' as ScheduleId,
      { labels: { a: 'b' } },
      nothing,
    );
    expect(running.next).toBe(MINUTE);
  });
});
