import { digestOf } from '@taskrunner/core/canonical';
import type { AuditEntry } from '@taskrunner/client';
import { checkChain } from './chain';

function chain(count: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= count; seq++) {
    const content = { seq, at: seq * 10, prev: entries.at(-1)?.hash ?? null, event: { type: 'run.sealed', n: seq } };
    entries.push({ ...content, hash: digestOf(content) });
  }
  return entries;
}

it('is intact where each entry has its own hash and names the one before', async () => {
  expect(await checkChain(chain(5))).toEqual({ kind: 'intact' });
  expect(await checkChain(chain(5).slice(2))).toEqual({ kind: 'intact' });
  expect(await checkChain([])).toEqual({ kind: 'intact' });
});

it('is broken by an entry that was altered, left out, or put in another place', async () => {
  const altered = chain(4).map((entry) => (entry.seq === 3 ? { ...entry, event: { type: 'other' } } : entry));
  expect(await checkChain(altered)).toEqual({ kind: 'broken', seq: 3 });
  expect(await checkChain(chain(4).filter(({ seq }) => seq !== 2))).toEqual({ kind: 'broken', seq: 3 });
  expect(await checkChain(chain(4).reverse())).toEqual({ kind: 'broken', seq: 3 });
});
