import type { AuditEntry } from '@taskrunner/core/evidence';
import { digestOf } from '@taskrunner/core/canonical';
import { followingEntries, intactEntries, pageStart } from './following-entries';

const chain = Array.from({ length: 5 }).reduce<readonly AuditEntry[]>((entries, _, n) => {
  const content = { seq: n + 1, at: n, prev: entries.at(-1)?.hash ?? null, event: { n } };
  return [...entries, { ...content, hash: digestOf(content) }];
}, []);
const altered = chain.map((entry) => (entry.seq === 2 ? { ...entry, event: { n: 7 } } : entry));

async function* pagesOf(...pages: readonly (readonly AuditEntry[])[]): AsyncGenerator<readonly AuditEntry[]> {
  yield* pages;
}

async function read(last: AuditEntry | undefined, ...pages: readonly (readonly AuditEntry[])[]) {
  const seen: number[] = [];
  const failed = await (async () => {
    for await (const page of followingEntries('kept', last, pagesOf(...pages)))
      seen.push(...page.map(({ seq }) => seq));
    return null;
  })().catch((error: unknown) => (error as Error).message);
  return { seen, failed };
}

it('appends nothing to an export that was altered', () => {
  expect(intactEntries('kept', chain)).toBe(chain);
  expect(intactEntries('kept', [])).toEqual([]);
  expect(() => intactEntries('kept', altered)).toThrow(
    'kept was altered: entry 2: its hash is not that of its content',
  );
});

it('appends what continues an export, and nothing of another chain', async () => {
  const refused = { seen: [], failed: expect.stringContaining('does not continue kept, whose last entry is 2') };
  const [, second] = chain;
  expect(await read(second, chain.slice(1, 4), chain.slice(4))).toEqual({ seen: [3, 4, 5], failed: null });
  expect(await read(second, chain.slice(1, 2))).toEqual({ seen: [], failed: null });
  // Cut off before it, another entry in its place, a gap, nothing at all.
  expect(await read(second, chain.slice(2))).toEqual(refused);
  expect(await read(second, [{ ...(second as AuditEntry), hash: digestOf('other') }, ...chain.slice(2)])).toEqual(
    refused,
  );
  expect(await read(second, [second as AuditEntry, ...chain.slice(3)])).toEqual(refused);
  expect(await read(second)).toEqual(refused);
  expect(pageStart(second)).toBe(1);
  expect(pageStart(undefined)).toBe(0);
});

it('exports an altered chain anew, so that it can be shown', async () => {
  expect(await read(undefined, altered)).toEqual({ seen: [1, 2, 3, 4, 5], failed: null });
});
