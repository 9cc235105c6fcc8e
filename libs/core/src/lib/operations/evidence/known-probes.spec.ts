import { sha256 } from '../../canonical/digest';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import { KnownProbes } from './known-probes';

const RUN = { tenant: 'acme' as TenantId, runId: 'run_1' as RunId };

/** A table of these texts by digest, and the digests that it was asked for. */
function tableOf(rows: ReadonlyMap<Digest, string>) {
  const asked: Digest[] = [];
  const find = async (digests: readonly Digest[]) => {
    asked.push(...digests);
    return new Map([...rows].filter(([digest]) => digests.includes(digest)));
  };
  return { asked, find };
}

const rowOf = (text: string): [Digest, string] => [sha256(text), text];
const askedFor = (...digests: Digest[]): ReadonlySet<Digest> => new Set(digests);

it('reads a document once, and returns only those that were asked for', async () => {
  const [[one], [other]] = [rowOf('one'), rowOf('other')];
  const table = tableOf(new Map([rowOf('one'), rowOf('other')]));
  const known = new KnownProbes();
  expect(await known.of(RUN, askedFor(one), table)).toEqual(new Map([rowOf('one')]));
  expect(await known.of(RUN, askedFor(one, other), table)).toEqual(new Map([rowOf('one'), rowOf('other')]));
  expect(await known.of(RUN, askedFor(other), table)).toEqual(new Map([rowOf('other')]));
  expect(table.asked).toEqual([one, other]);
});

it('keeps neither a document that is another one nor the absence of one', async () => {
  const [digest, text] = rowOf('one');
  const known = new KnownProbes();
  await expect(known.of(RUN, askedFor(digest), tableOf(new Map([[digest, 'another']])))).rejects.toMatchObject({
    code: 'DOCUMENT_ALTERED',
    message: expect.stringContaining('a probe document'),
  });
  expect(await known.of(RUN, askedFor(digest), tableOf(new Map()))).toEqual(new Map());
  expect(await known.of(RUN, askedFor(digest), tableOf(new Map([[digest, text]])))).toEqual(new Map([[digest, text]]));
});

it('keeps the last 32', async () => {
  const rows = new Map(Array.from({ length: 33 }, (_, i) => rowOf(`probe ${i}`)));
  const table = tableOf(rows);
  const known = new KnownProbes();
  for (const digest of rows.keys()) await known.of(RUN, askedFor(digest), table);
  const [first, second] = [...rows.keys()] as [Digest, Digest];
  await known.of(RUN, askedFor(first, second), table);
  expect(table.asked.slice(33)).toEqual([first]);
});
