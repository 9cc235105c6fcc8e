import { command, drive, effect, gate, handOverAll } from '../../../testing/memory/driven-run';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import { aBlock, aPlan } from '../../../testing/random/random-plan';
import { canonical } from '../../canonical/canonical';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { hashOfText } from '../../journal/chain';
import type { StoredPage } from '../../journal/journaled-run';
import type { Node } from '../../plan/plan';
import type { Archives } from '../../ports/evidence/archives';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { StepRow } from '../../ports/runs/committer';
import type { RunReader } from '../../ports/runs/run-reader';
import type { TimingReader } from '../../ports/runs/timing-reader';
import { DocumentAltered } from '../../stored/document-altered';
import { KnownDocuments } from '../../stored/run-documents';
import { byPlace } from './reached-steps';
import { JournaledRuns } from '../retention/journaled-runs';
import { RunSteps } from './run-steps';

afterEach(handOverAll);

const tenant = 'acme' as TenantId;
const known = new KnownDocuments();
const group = (id: string, children: readonly Node[], needs: readonly string[]): Node =>
  ({
    ...{ kind: 'group', id, name: null, when: null, needs, stated: false, runOn: 'success', timeoutMs: null },
    ...{ workers: [], continueOnError: false, body: aBlock(children) },
  }) as unknown as Node;

/** A run that waits at a gate, with its rows as the reference, read through its journal. */
async function waiting() {
  const world = new MemoryWorld();
  const plan = aPlan(
    aBlock([
      effect('b', { name: 'B' }),
      effect('a', { runOn: 'failure', needs: ['b'] }),
      group('g', [effect('g2'), effect('g1', { needs: ['g2'] }), gate('inner', { needs: ['g1'] })], ['b']),
      gate('ask', { needs: ['b'] }),
      effect('after', { needs: ['ask'] }),
    ]),
  );
  const run = world.submit(plan);
  await drive(world, run, [command(({ step }) => ({ kind: 'succeeded', outputs: { said: step } }))]);
  const { claimed } = world.run(run);
  const state = {
    pages: stored(world, run),
    ...{ isMarked: false, planAltered: false, hasRows: false, isSealed: false, reads: 0 },
    lastSeq: world.run(run).lastSeq,
  };
  const reader = {
    stepSource: async () => ({ hasRows: state.hasRows, lastSeq: state.lastSeq, isSealed: state.isSealed }),
    evidence: async () => null,
    journal: async (_tenant: TenantId, _run: RunId, after: number, pages: number) => {
      state.reads++;
      return state.pages.filter(({ first }) => first > after).slice(0, pages);
    },
    documents: async () => {
      if (state.planAltered)
        throw new DocumentAltered({ tenant, runId: run, document: 'plan', what: 'x', expected: 'a', found: 'b' });
      return known.of(claimed);
    },
    admission: async () => claimed.admission as unknown as Json,
    summary: async () => ({ status: state.isMarked ? 'halted' : 'waiting', error: null }),
    stepRows: async () => ['a row'],
    stepRow: async () => 'a row',
    gateStepRows: async () => ['a row'],
    countStepRows: async () => 'counts of rows',
  } as unknown as RunReader;
  const timed = { stepRows: async () => ['a time'] } as unknown as TimingReader;
  const archives = { journal: async () => null } as unknown as Archives;
  const objects = {} as ObjectStore;
  const journals = new JournaledRuns({ reader, archives, objects, maxBytes: 1e6 });
  const steps = new RunSteps({ reader, timed, archives, objects, journals, maxBytes: 1e6 });
  const rows = [...(world.rows.get(run)?.values() ?? [])].sort(byPlace);
  return { run, steps, rows, state };
}

function stored(world: MemoryWorld, run: RunId): StoredPage[] {
  return (world.pages.get(run) ?? []).map(({ first, prev, hash, entries, values }) => {
    return { first, prev, hash, text: canonical(entries as unknown as Json), held: JSON.stringify(values) };
  });
}

const texts = (rows: readonly StepRow[]): readonly string[] => rows.map((row) => canonical(row as unknown as Json));

describe('the steps of a run without rows', () => {
  it('are what its rows would be, in their order, in pages of any size', async () => {
    const { run, steps, rows } = await waiting();
    expect(rows.map(({ step, status }) => `${step} ${status}`)).toEqual([
      'b succeeded',
      'a skipped',
      'g running',
      'ask waiting',
      'g2 succeeded',
      'g1 succeeded',
      'inner waiting',
    ]);
    for (const filter of [{}, { parent: '' }, { parent: 'g' }, { parent: 'none' }, { status: 'succeeded' }]) {
      const of = rows.filter(
        (row) =>
          (!('parent' in filter) || row.parent === filter.parent) &&
          (!('status' in filter) || row.status === filter.status),
      );
      for (const limit of [1, 2, 10]) {
        const read: StepRow[] = [];
        for (let after: string | null = null; ;) {
          const page: readonly StepRow[] = await steps.list(tenant, run, filter, limit, after);
          read.push(...page);
          if (page.length < limit) break;
          after = page.at(-1)?.step ?? null;
        }
        expect(texts(read)).toEqual(texts(of));
      }
    }
    expect(await steps.list(tenant, run, {}, 9, 'no-such-step')).toEqual([]);
  });

  it('are found, counted, listed as gates and timed like rows', async () => {
    const { run, steps, rows } = await waiting();
    expect(await steps.find(tenant, run, 'after')).toBeNull();
    for (const row of rows) expect(texts([(await steps.find(tenant, run, row.step)) as StepRow])).toEqual(texts([row]));
    expect([...(await steps.count(tenant, run, 'g'))].sort()).toEqual([
      ['succeeded', 2],
      ['waiting', 1],
    ]);
    const gates = async (limit: number, after: string | null) =>
      (await steps.gates(tenant, run, limit, after)).map(({ step }) => step);
    expect([await gates(9, null), await gates(1, null), await gates(9, 'ask')]).toEqual([
      ['ask', 'inner'],
      ['ask'],
      ['inner'],
    ]);
    const times = await steps.times(tenant, run, 9, null);
    expect(times).toEqual(
      rows.map(({ step, parent, place, kind, status, startedAt, finishedAt }) => {
        return { step, parent, place, kind, status, startedAt, finishedAt };
      }),
    );
    expect(await steps.times(tenant, run, 2, times[2] ?? null)).toEqual(times.slice(3, 5));
  });

  it('are its rows as soon as it has them', async () => {
    const { run, steps, state } = await waiting();
    state.hasRows = true;
    expect([
      await steps.list(tenant, run, {}, 1, null),
      await steps.find(tenant, run, 'a'),
      await steps.gates(tenant, run, 1, null),
      await steps.count(tenant, run, ''),
      await steps.times(tenant, run, 1, null),
    ]).toEqual([['a row'], 'a row', ['a row'], 'counts of rows', ['a time']]);
  });

  it.each([
    ['a changed page', (pages) => pages.map((page, i) => (i === 1 ? { ...page, text: '[]' } : page))],
    ['a missing page', (pages) => pages.filter((_, i) => i !== 1)],
    ['a missing end', (pages) => pages.slice(0, 2)],
    ['the pages of another run', (pages) => pages.map((page, i) => (i === 0 ? { ...page, prev: page.hash } : page))],
    [
      'entries that are no events',
      (pages) => rehashed(pages, () => '[{"event":{"type":"step.ended"},"kind":"given"}]'),
    ],
    [
      'an end that the plan does not derive',
      (pages) => rehashed(pages, (text) => text.replace('"succeeded"', '"failed"')),
    ],
  ] satisfies [string, (pages: StoredPage[]) => StoredPage[]][])(
    'are refused with %s, and shown up to it of a run that is known to be altered',
    async (_what, alter) => {
      const { run, steps, rows, state } = await waiting();
      state.pages = alter(state.pages);
      await expect(steps.list(tenant, run, {}, 9, null)).rejects.toMatchObject({ code: 'DOCUMENT_ALTERED' });
      await expect(steps.count(tenant, run, '')).rejects.toMatchObject({ code: 'DOCUMENT_ALTERED' });
      state.isMarked = true;
      expect((await steps.list(tenant, run, {}, 9, null)).length).toBeLessThan(rows.length);
    },
  );

  it('are told by the journal alone, if the plan of a run that is known to be altered is not the admitted one', async () => {
    const { run, steps, rows, state } = await waiting();
    state.planAltered = true;
    await expect(steps.list(tenant, run, {}, 9, null)).rejects.toMatchObject({ code: 'DOCUMENT_ALTERED' });
    state.isMarked = true;
    const shown = await steps.list(tenant, run, {}, 9, null);
    const ended = ({ status, step }: StepRow): string[] => (status === 'succeeded' ? [step] : []);
    expect(shown.flatMap(ended).sort()).toEqual(rows.flatMap(ended).sort());
    expect(shown.find(({ step }) => step === 'ask')).toMatchObject({ kind: 'gate', status: 'waiting', parent: '' });
    expect(shown.find(({ step }) => step === 'b')?.outputs).toEqual({ said: 'b' });
  });

  it('are replayed once for each page that is added', async () => {
    const { run, steps, rows, state } = await waiting();
    const all = state.pages;
    state.pages = all.slice(0, -1);
    state.lastSeq = 1;
    const before = await steps.list(tenant, run, {}, 9, null);
    expect(texts(before)).not.toEqual(texts(rows));
    const { reads } = state;
    await steps.list(tenant, run, {}, 9, null);
    // Only whether a page was added.
    expect(state.reads).toBe(reads + 1);
    state.pages = all;
    expect(texts(await steps.list(tenant, run, {}, 9, null))).toEqual(texts(rows));
  });

  it('are refused if the journal of a sealed run has no end', async () => {
    const { run, steps, state } = await waiting();
    state.isSealed = true;
    await expect(steps.find(tenant, run, 'b')).rejects.toMatchObject({ code: 'DOCUMENT_ALTERED' });
  });

  it('are none of a run that does not exist', async () => {
    const { run, steps, state } = await waiting();
    state.pages = [];
    state.lastSeq = 0;
    expect(await steps.list(tenant, run, {}, 9, null)).toEqual([]);
  });
});

/** The second page with another text, and a chain that fits it. */
function rehashed(pages: readonly StoredPage[], change: (text: string) => string): StoredPage[] {
  let prev = pages[0]?.prev;
  return pages.map((page, i) => {
    const text = i === 1 ? change(page.text) : page.text;
    const follows = prev ?? page.prev;
    const hash = hashOfText(follows, page.first, text);
    prev = hash;
    return { ...page, prev: follows, text, hash };
  });
}
