import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import { CodedError } from '../../foundation/coded-error';
import type { Digest, RunId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Node } from '../../plan/plan';
import type { Claims } from '../../ports/runs/claims';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import type { DriverDependencies } from './driver-dependencies';
import { RunDriver, type Driven } from '../driver/drive-run';
import { restoreRun } from './restore-run';

const EVERY = 20;
const COUNT = 30;

class Echo extends Executor {
  readonly uses = 'builtin:command';
  readonly values = new Map<string, Json>();
  /** Called before each execution ends. */
  before: (step: string) => void | Promise<void> = () => undefined;

  async execute({ step, with: parameters }: ExecutionRequest): Promise<Outcome> {
    this.values.set(step, parameters['first'] ?? null);
    await this.before(step);
    return { kind: 'succeeded', outputs: { did: step } };
  }
}

const effect = (id: string, change: Parameters<typeof aRunNode>[1] = {}): Node =>
  aRunNode(id, { uses: 'builtin:command', effects: 'idempotent', ...change });
/** Many items that each read the result of the first step, followed by a step that reads the result of one item. */
const plan = aPlan(
  aBlock([
    effect('first'),
    {
      ...{ kind: 'map', id: 'each', name: null, when: null, needs: ['first'], stated: false, runOn: 'success' },
      ...{ timeoutMs: null, workers: [], iterator: 'n', index: 'i', label: 'number {{ n }}', maxItems: 100_000 },
      ...{ width: 2, continueOnError: false, outputs: null, items: Array.from({ length: COUNT }, (_, i) => i) },
      body: aBlock([effect('act', { with: { first: '{{ steps.first.outputs.did }}' } })]),
    },
    effect('last', { needs: ['each'], with: { first: '{{ steps.each.outputs[2] }}' } }),
  ]),
);

interface Played {
  readonly world: MemoryWorld;
  readonly run: RunId;
  readonly acting: Echo;
}

/** A run whose worker dies at the twentieth item. */
async function died(change: Partial<DriverDependencies> = {}): Promise<Played> {
  const world = new MemoryWorld();
  const run = world.submit(plan);
  const acting = new Echo();
  const died = new Promise<void>((resolve) => {
    acting.before = (step) => {
      if (step !== 'each[19]::act') return;
      world.run(run).owner = null;
      resolve();
    };
  });
  const driver = await RunDriver.open(
    world.dependencies([acting], { snapshotEntries: EVERY, ...change }),
    world.claim(run),
  );
  if (typeof driver === 'string') throw new Error(driver);
  const driven = driver.drive();
  await died;
  expect(await driven).toBe('claim-lost');
  acting.before = () => undefined;
  acting.values.clear();
  return { world, run, acting };
}

/** Another worker claims it. Returns the entries of the pages that it reads. */
async function goOn({ world, run, acting }: Played, change: Partial<DriverDependencies> = {}) {
  const dependencies = world.dependencies([acting], { snapshotEntries: EVERY, ...change });
  const read: number[] = [];
  const claims = Object.assign(Object.create(dependencies.claims) as Claims, {
    pages: async (...of: Parameters<Claims['pages']>) => {
      const pages = await dependencies.claims.pages(...of);
      read.push(...pages.map(({ first }) => first));
      return pages;
    },
  });
  const driver = await RunDriver.open({ ...dependencies, claims }, world.claim(run, true));
  const atClaim = [...read];
  const driven: Driven = typeof driver === 'string' ? driver : await driver.drive();
  return { driven, atClaim, read };
}

function snapshotsOf({ world, run }: Played) {
  return (world.pages.get(run) ?? []).flatMap(({ entries }) =>
    entries.flatMap(({ seq, event }) => (event.type === 'state' ? [{ seq, event }] : [])),
  );
}

function statusOf({ world, run }: Played): unknown {
  const { status, halted } = world.run(run);
  return halted ?? status;
}

describe('a claim of a run with snapshots', () => {
  it('reads no page before the last one, and goes on to the same end', async () => {
    const played = await died();
    const last = snapshotsOf(played).at(-1)?.seq ?? 0;
    expect(snapshotsOf(played).length).toBeGreaterThan(2);
    expect(played.world.run(played.run).snapshotSeq).toBe(last);
    const { driven, atClaim } = await goOn(played);
    expect(driven).toBe('ended');
    expect(statusOf(played)).toBe('succeeded');
    expect(Math.min(...atClaim)).toBe(last);
    // A full replay gives the same result.
    const { world, run, acting } = played;
    const whole = await restoreRun(world.dependencies([acting]), { ...world.claim(run), snapshotSeq: null });
    expect(whole).toMatchObject({ kind: 'restored', state: { result: { status: 'succeeded' } } });
  });

  it('finds what older pages hold when somebody asks for it', async () => {
    const played = await died();
    const { atClaim, read } = await goOn(played);
    expect(played.acting.values.get('each[25]::act')).toBe('first');
    expect(played.acting.values.get('last')).toEqual({ did: 'each[2]::act' });
    // Not before: one page for the first step's value, then those of all items together.
    const [, ...others] = read.slice(atClaim.length);
    expect(others.length).toBeGreaterThan(1);
    expect(new Set(others).size).toBe(others.length);
    expect(Math.max(...others)).toBeLessThan(Math.min(...atClaim));
    const rows = played.world.rows.get(played.run);
    expect(rows?.get('each[29]')?.label).toBe('number 29');
  });

  it.each([
    ['every one', (digests: readonly Digest[]) => digests],
    ['the first', (digests: readonly Digest[]) => digests.slice(0, 1)],
  ])('reads the whole journal if %s is gone', async (_name, gone) => {
    const played = await died();
    for (const digest of gone(snapshotsOf(played).map(({ event }) => event.digest)))
      for (const key of played.world.objectBytes.keys()) if (key.endsWith(digest)) played.world.objectBytes.delete(key);
    const { driven, atClaim } = await goOn(played);
    expect([driven, statusOf(played)]).toEqual(['ended', 'succeeded']);
    expect(atClaim).toContain(1);
  });

  it('reads the whole journal if none stands where the row says', async () => {
    const played = await died();
    played.world.run(played.run).snapshotSeq = 3;
    const { driven, atClaim } = await goOn(played);
    expect([driven, statusOf(played)]).toEqual(['ended', 'succeeded']);
    expect(atClaim).toContain(1);
  });

  it('goes on from an older one if the row names that', async () => {
    const played = await died();
    const older = snapshotsOf(played)[1]?.seq ?? 0;
    played.world.run(played.run).snapshotSeq = older;
    const { driven, atClaim } = await goOn(played);
    expect([driven, statusOf(played)]).toEqual(['ended', 'succeeded']);
    expect(Math.min(...atClaim)).toBe(older);
  });

  it('halts on one whose bytes were altered', async () => {
    const played = await died();
    for (const [key, bytes] of played.world.objectBytes) {
      if (key.endsWith(snapshotsOf(played)[0]?.event.digest ?? '?'))
        played.world.objectBytes.set(key, Buffer.from(Buffer.from(bytes).toString().replace('succeeded', 'skipped')));
    }
    await goOn(played);
    expect(statusOf(played)).toBe('OBJECT_DIGEST_MISMATCH');
  });

  it('halts where a page names another snapshot, whoever chained it again', async () => {
    const played = await died();
    const pages = played.world.pages.get(played.run) ?? [];
    const [first, second] = snapshotsOf(played).slice(-2);
    const place = pages.findIndex((page) => page.first === second?.seq);
    const page = pages[place];
    if (!page || !first) throw new TypeError('no snapshot');
    const [entry, ...rest] = page.entries;
    pages[place] = { ...page, entries: [{ ...entry, event: first.event } as (typeof page.entries)[number], ...rest] };
    await goOn(played);
    expect(statusOf(played)).toBe('JOURNAL_TAMPERED');
  });

  it('compares the rows with all that the journal has ever said', async () => {
    const played = await died();
    const rows = played.world.rows.get(played.run);
    const row = rows?.get('each[1]::act');
    if (!row) throw new TypeError('no row');
    rows?.set('each[1]::act', { ...row, status: 'skipped' });
    await goOn(played);
    expect(statusOf(played)).toBe('JOURNAL_TAMPERED');
  });
});

describe('a store that takes no snapshots', () => {
  it('stops no run: there are none, and an operator is told so now and then', async () => {
    const world = new MemoryWorld();
    const objects = Object.assign(Object.create(world.dependencies([]).objects) as DriverDependencies['objects'], {
      put: async () => {
        throw new CodedError('OBJECT_STORE_UNAVAILABLE', 'no room', 'later');
      },
    });
    const played = await died({ objects });
    expect(snapshotsOf(played)).toEqual([]);
    const { lastSeq } = played.world.run(played.run);
    const reported = played.world.alarms.filter(({ code }) => code === 'SNAPSHOT_NOT_STORED').length;
    expect(reported).toBeGreaterThan(1);
    expect(reported).toBeLessThanOrEqual(lastSeq / EVERY);
    expect((await goOn(played)).driven).toBe('ended');
  });
});
