import { searched } from '@taskrunner/core/testing';
import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { NumberedChunk } from '@taskrunner/core/ports';
import type { LineFilter } from './log-lines';
import { LogPages, type LogPage } from './log-pages';

const tenant = 'acme' as TenantId;
const runId = 'run_1' as RunId;
const NO_FILTER: LineFilter = { step: null, attempt: null, level: null };

/**
 * A log whose chunks have these lines, each a letter for the level and a text. `#x ` before the first line of a chunk names its step, `#x@2 `
 * also its attempt; without it no attempt is recorded.
 */
function logOf(chunks: readonly (readonly string[])[], without: readonly number[] = []) {
  let firstLine = 1;
  const all = chunks.map((lines, chunk): NumberedChunk => {
    const [, step = 's', attempt] = /^#(\w+)(?:@(\d))? /.exec(lines[0] ?? '') ?? [];
    const data = new TextEncoder().encode(lines.map((line) => `${line.replace(/^#\S+ /, '')}\n`).join(''));
    const of = { firstLine, lines: lines.length, step, execution: 1, chunk, at: 0, data };
    const numbered = { ...of, attempt: attempt === undefined ? null : Number(attempt) };
    firstLine += lines.length;
    return numbered;
  });
  const reads: number[] = [];
  const store = {
    read: async (_tenant: TenantId, _run: RunId, after: number, limit: number) => {
      reads.push(after);
      return all.filter((of) => of.firstLine + of.lines - 1 > after && !without.includes(of.chunk)).slice(0, limit);
    },
  };
  return { store, reads, reader: { tenant, runId, head: firstLine - 1, isAwaited: () => true } };
}

/** Ten chunks of ten lines: line 7 of each is a warning, line 4 of each odd chunk says Hit; every third chunk is of step t. */
const TEN = Array.from({ length: 10 }, (_, chunk) =>
  Array.from({ length: 10 }, (_line, line) => {
    const text = line === 3 && chunk % 2 === 1 ? 'a Hit' : `line ${10 * chunk + line + 1}`;
    return `${chunk % 3 === 2 ? '#t ' : ''}${line === 6 ? 'w' : 'i'}${text}`;
  }),
);
const LIMITS = { lines: 1_000, bytes: 1 << 20, reads: 1 };

const numbers = ({ items }: LogPage) => items.map(({ sequence }) => sequence);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('a page of a log', () => {
  const page = async (
    from: { readonly before: number } | { readonly after: number },
    limit: number,
    filter: Partial<LineFilter> = {},
    limits = LIMITS,
  ) => {
    const { store, reader } = logOf(TEN);
    const found = await new LogPages(store, limits).page(reader, {
      ...{ kind: 'page', from, limit, cursor: null },
      filter: { ...NO_FILTER, ...filter },
    });
    expect(found).toMatchObject({ total: null, lastLine: 100, missingLines: 0 });
    // More lines follow exactly where a cursor says so.
    expect(found.nextCursor === null).toBe('before' in from ? found.searchedFrom <= 1 : found.searchedTo >= 100);
    return [numbers(found), found.searchedFrom, found.searchedTo];
  };

  it.each<[number, number, Partial<LineFilter>, readonly number[], number, number]>([
    [101, 5, {}, range(96, 100), 96, 100],
    [96, 5, {}, range(91, 95), 91, 95],
    [4, 5, {}, range(1, 3), 1, 3],
    [1, 5, {}, [], 1, 0],
    [5_000, 2, {}, [99, 100], 99, 100],
    [101, 3, { level: 'warn' }, [77, 87, 97], 77, 100],
    [77, 9, { level: 'warn' }, [7, 17, 27, 37, 47, 57, 67], 1, 76],
    [101, 12, { step: 't' }, [...range(59, 60), ...range(81, 90)], 59, 100],
    [101, 2, { step: 't', level: 'warn' }, [57, 87], 57, 100],
    [101, 2, { step: 'nothing' }, [], 1, 100],
  ])('before line %d has the last %d lines', async (before, limit, filter, lines, from, to) => {
    expect(await page({ before }, limit, filter)).toEqual([lines, from, to]);
  });

  it.each<[number, number, Partial<LineFilter>, readonly number[], number, number]>([
    [0, 5, {}, range(1, 5), 1, 5],
    [95, 9, {}, range(96, 100), 96, 100],
    [100, 9, {}, [], 101, 100],
    [7, 2, { level: 'warn' }, [17, 27], 8, 27],
    [80, 9, { step: 't', level: 'warn' }, [87], 81, 100],
  ])('after line %d has the first %d lines', async (after, limit, filter, lines, from, to) => {
    expect(await page({ after }, limit, filter)).toEqual([lines, from, to]);
  });

  it('says how far it looked where a limit ends it', async () => {
    const few = { ...LIMITS, lines: 25 };
    expect(await page({ before: 101 }, 9, { step: 'nothing' }, few)).toEqual([[], 76, 100]);
    expect(await page({ after: 30 }, 9, { step: 'nothing' }, few)).toEqual([[], 31, 55]);
    expect(await page({ before: 101 }, 9, { level: 'warn' }, few)).toEqual([[77, 87, 97], 76, 100]);
    // About one chunk of bytes.
    expect(await page({ after: 30 }, 99, {}, { ...LIMITS, bytes: 1 })).toEqual([range(31, 40), 31, 40]);
  });

  it('has the lines of one attempt of a step, and none whose attempt is not recorded', async () => {
    const attempts = ['t@1', 'u@1', 't@1', 't@2', 't', 'u@2', 't@2'];
    const { store, reader } = logOf(attempts.map((of, chunk) => [`#${of} iline ${chunk}`, 'whit']));
    const pages = new LogPages(store, LIMITS);
    const filter = { step: 't', attempt: 2, level: null };
    const back = await pages.page(reader, { kind: 'page', from: { before: 14 }, cursor: null, limit: 3, filter });
    expect(back.items.map(({ sequence, attempt }) => [sequence, attempt])).toEqual([
      [7, 2],
      [8, 2],
      [13, 2],
    ]);
    const hits = { kind: 'search' as const, text: 'hit', after: 0, cursor: null, limit: 9 };
    const found = await pages.search(reader, { ...hits, filter: { ...filter, attempt: 1 } });
    expect([numbers(found), found.total]).toEqual([[2, 6], 2]);
    expect(await pages.tailStart(reader, 3, filter)).toEqual({ after: 7, isComplete: true });
    const all = await pages.page(reader, {
      kind: 'page',
      from: { after: 8 },
      cursor: null,
      limit: 1,
      filter: NO_FILTER,
    });
    expect(all.items[0]).not.toHaveProperty('attempt');
  });

  it('says how many of its lines are not stored', async () => {
    const { store, reader } = logOf(TEN, [4, 5, 9]);
    const pages = new LogPages(store, LIMITS);
    const back = await pages.page(reader, {
      kind: 'page',
      from: { before: 101 },
      cursor: null,
      limit: 32,
      filter: NO_FILTER,
    });
    expect([numbers(back), back.searchedFrom, back.missingLines]).toEqual([[39, 40, ...range(61, 90)], 39, 30]);
    const on = await pages.page(reader, {
      kind: 'page',
      from: { after: 35 },
      cursor: null,
      limit: 6,
      filter: NO_FILTER,
    });
    expect([numbers(on), on.searchedTo, on.missingLines]).toEqual([[...range(36, 40), 61], 61, 20]);
    const end = await pages.page(reader, {
      kind: 'page',
      from: { after: 89 },
      cursor: null,
      limit: 6,
      filter: NO_FILTER,
    });
    expect([numbers(end), end.searchedTo, end.missingLines]).toEqual([[90], 100, 10]);
  });

  it('is the same lines whichever way it is asked for', async () => {
    for (const limit of searched([1, 7, 30], [1, 2, 3, 7, 11, 30, 99, 100, 101]))
      for (const filter of [{}, { level: 'warn' as const }, { step: 't' }]) {
        const { store, reader } = logOf(TEN);
        const pages = new LogPages(store, LIMITS);
        const of = { kind: 'page' as const, cursor: null, limit, filter: { ...NO_FILTER, ...filter } };
        const on: number[] = [];
        for (let after = 0; after < 100;) {
          const found = await pages.page(reader, { ...of, from: { after } });
          on.push(...numbers(found));
          after = found.searchedTo;
        }
        const back: number[] = [];
        for (let before = 101; before > 1;) {
          const found = await pages.page(reader, { ...of, from: { before } });
          back.unshift(...numbers(found));
          before = found.searchedFrom;
        }
        expect(back).toEqual(on);
      }
  });
});

describe('a page of a log as a list', () => {
  it.each<[string, { readonly before: number } | { readonly after: number }]>([
    ['first to last', { after: 0 }],
    ['last to first', { before: 101 }],
  ])('has all lines, %s, while there is a cursor', async (_, from) => {
    for (const [limit, lines] of [
      [3, 1_000],
      [7, 5],
      [100, 1_000],
      [200, 1_000],
    ] as const)
      for (const filter of [NO_FILTER, { ...NO_FILTER, level: 'warn' as const }, { ...NO_FILTER, step: 'none' }]) {
        const { store, reader } = logOf(TEN);
        const pages = new LogPages(store, { ...LIMITS, lines });
        const found: number[] = [];
        let cursor: string | null = null;
        do {
          const page: LogPage = await pages.page(reader, { kind: 'page', from, cursor, limit, filter });
          found.push(...numbers(page));
          cursor = page.nextCursor;
        } while (cursor !== null);
        const wanted = range(1, 100).filter(
          (line) => filter.step === null && (filter.level === null || line % 10 === 7),
        );
        expect(found.sort((one, other) => one - other)).toEqual(wanted);
      }
  });

  it('is not continued by the cursor of another list', async () => {
    const { store, reader } = logOf(TEN);
    const pages = new LogPages(store, LIMITS);
    const query = { kind: 'page' as const, from: { after: 0 }, cursor: null, limit: 3, filter: NO_FILTER };
    const { nextCursor: cursor } = await pages.page(reader, query);
    for (const more of [{ from: { after: 1 } }, { from: { before: 9 } }, { filter: { ...NO_FILTER, step: 't' } }])
      await expect(pages.page(reader, { ...query, cursor, ...more })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
    const other = { ...reader, tenant: 'other' as TenantId };
    await expect(pages.page(other, { ...query, cursor })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    const search = { kind: 'search' as const, text: 'line', after: 0, cursor: null, limit: 3, filter: NO_FILTER };
    await expect(pages.search(reader, { ...search, cursor })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('a search of a log', () => {
  const HITS = [14, 34, 54, 74, 94];
  const search = (text: string, more: object = {}) => ({
    ...{ kind: 'search' as const, text, after: 0, cursor: null, limit: 200, filter: NO_FILTER },
    ...more,
  });

  it.each<[string, object, readonly number[], number]>([
    ['hit', {}, HITS, 5],
    ['HIT', { after: 34 }, [54, 74, 94], 3],
    ['hit', { filter: { ...NO_FILTER, step: 't' } }, [54], 1],
    ['hit', { filter: { ...NO_FILTER, level: 'warn' } }, [], 0],
    ['step', {}, [], 0],
    ['line 100', {}, [100], 1],
  ])('for %j finds all', async (text, more, found, total) => {
    const { store, reader } = logOf(TEN);
    const page = await new LogPages(store, LIMITS).search(reader, search(text, more));
    expect([numbers(page), page.total, page.searchedTo, page.nextCursor]).toEqual([found, total, 100, null]);
  });

  it.each(searched([1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))(
    'has each hit once and a total that is true, however it is cut (%#)',
    async (step) => {
      for (const [limit, lines] of [
        [1, 1_000],
        [2, 7 * step],
        [200, 10 * step],
        [1, 3],
      ]) {
        const { store, reader } = logOf(TEN);
        const pages = new LogPages(store, { ...LIMITS, lines: lines as number });
        const found: number[] = [];
        let cursor: string | null = null;
        let page: LogPage;
        do {
          page = await pages.search(reader, search('hit', { limit, cursor }));
          found.push(...numbers(page));
          expect(page.total).toBe(HITS.filter((line) => line <= page.searchedTo).length);
          expect(page.searchedFrom).toBe(1);
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect([found, page.total, page.searchedTo]).toEqual([HITS, 5, 100]);
      }
    },
  );

  it('knows the total at once, and reads no further than the page once it does', async () => {
    const { store, reader, reads } = logOf(TEN);
    const pages = new LogPages(store, LIMITS);
    const first = await pages.search(reader, search('hit', { limit: 1 }));
    expect([numbers(first), first.total, first.searchedTo]).toEqual([[14], 5, 100]);
    reads.length = 0;
    const second = await pages.search(reader, search('hit', { limit: 1, cursor: first.nextCursor }));
    expect([numbers(second), second.total, second.searchedTo]).toEqual([[34], 5, 100]);
    expect(reads).toEqual([14]);
  });

  it('goes on behind the lines that came meanwhile', async () => {
    const { store, reader } = logOf(TEN);
    const pages = new LogPages(store, LIMITS);
    const first = await pages.search({ ...reader, head: 60 }, search('hit', { limit: 2 }));
    expect([numbers(first), first.total, first.searchedTo, first.lastLine]).toEqual([[14, 34], 3, 60, 60]);
    const second = await pages.search(reader, search('hit', { limit: 2, cursor: first.nextCursor }));
    expect([numbers(second), second.total, second.searchedTo]).toEqual([[54, 74], 5, 100]);
  });

  it('counts what is not stored, once', async () => {
    const { store, reader } = logOf(TEN, [3, 9]);
    const pages = new LogPages(store, { ...LIMITS, lines: 35 });
    let page = await pages.search(reader, search('hit', { limit: 1 }));
    const all = [numbers(page)];
    while (page.nextCursor !== null) {
      page = await pages.search(reader, search('hit', { limit: 1, cursor: page.nextCursor }));
      all.push(numbers(page));
    }
    expect(all.flat()).toEqual([14, 54, 74]);
    expect([page.total, page.searchedTo, page.missingLines]).toEqual([3, 100, 20]);
  });

  it('is not gone on with by the cursor of another', async () => {
    const { store, reader } = logOf(TEN);
    const pages = new LogPages(store, LIMITS);
    const { nextCursor: cursor } = await pages.search(reader, search('hit', { limit: 1 }));
    for (const [of, more] of [
      [reader, { text: 'line' }],
      [reader, { after: 1 }],
      [reader, { filter: { ...NO_FILTER, step: 't' } }],
      [{ ...reader, tenant: 'other' as TenantId }, {}],
      [{ ...reader, runId: 'run_2' as RunId }, {}],
    ] as const)
      await expect(pages.search(of, search('hit', { limit: 1, cursor, ...more }))).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
  });

  it('stops when nobody waits for it', async () => {
    const { store, reads, reader } = logOf(TEN.flatMap((chunk) => chunk.map((line) => [line])));
    await new LogPages(store, LIMITS).search({ ...reader, isAwaited: () => reads.length < 2 }, search('hit'));
    expect(reads).toEqual([0, 32]);
  });
});

describe('the beginning of a tail', () => {
  it.each<[number, Partial<LineFilter>, number, boolean, number]>([
    [10, {}, 90, true, 25],
    [0, {}, 100, true, 25],
    [500, {}, 0, true, 25],
    [2, { level: 'warn' }, 86, true, 25],
    [3, { level: 'warn' }, 76, true, 25],
    [4, { level: 'warn' }, 75, false, 25],
    [4, { step: 't' }, 86, true, 25],
    [99, { level: 'warn' }, 0, true, 100],
    [0, { step: 't' }, 100, true, 25],
  ])('of %d lines', async (count, filter, after, isComplete, lines) => {
    const { store, reader } = logOf(TEN);
    const pages = new LogPages(store, { ...LIMITS, lines });
    expect(await pages.tailStart(reader, count, { ...NO_FILTER, ...filter })).toEqual({ after, isComplete });
  });
});
