import type { TenantId } from '@taskrunner/core/foundation';
import type { OutboxItem, SealedEvidence } from '@taskrunner/core/ports';
import { SealGroups, type Seal } from './seal-groups';

const LEASE_MS = 30_000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const item = (id: string, tenant = 'acme'): OutboxItem => ({ id, tenant: tenant as TenantId }) as OutboxItem;
const seal = (of: OutboxItem): Seal => ({ item: of, evidence: {} as SealedEvidence });

/** Groups that were stored, each as its tenant and its items. */
function recorded(most = 3) {
  const stored: string[] = [];
  const groups = new SealGroups(
    (tenant, seals) => {
      stored.push(`${tenant}: ${seals.map(({ item: { id } }) => id).join(' ')}`);
      return seals.map(({ item: { id } }) => Promise.resolve(id !== 'known'));
    },
    { most, waitMs: 20 },
  );
  return { groups, stored };
}

it('a single seal waits for no other', async () => {
  const { groups, stored } = recorded();
  groups.begin([item('a')], LEASE_MS);
  expect(await groups.seal(seal(item('a')))).toBe(true);
  // Nor one that nobody has announced.
  expect(await groups.seal(seal(item('b')))).toBe(true);
  expect(stored).toEqual(['acme: a', 'acme: b']);
});

it('waits for others that have begun, and each gets its own answer', async () => {
  const { groups, stored } = recorded();
  groups.begin([item('a'), item('known')], LEASE_MS);
  const first = groups.seal(seal(item('a')));
  expect(stored).toEqual([]);
  const second = groups.seal(seal(item('known')));
  expect(stored).toEqual(['acme: a known']);
  expect(await Promise.all([first, second])).toEqual([true, false]);
});

it('is stored when it is full, after a while, and when no other comes any more', () => {
  const { groups, stored } = recorded(2);
  groups.begin([item('a'), item('b'), item('c'), item('d'), item('e')], LEASE_MS);
  for (const id of ['a', 'b', 'c']) void groups.seal(seal(item(id)));
  expect(stored).toEqual(['acme: a b']);
  jest.advanceTimersByTime(19);
  expect(stored).toHaveLength(1);
  jest.advanceTimersByTime(1);
  expect(stored).toEqual(['acme: a b', 'acme: c']);
  void groups.seal(seal(item('d')));
  expect(stored).toHaveLength(2);
  groups.leave(item('e'));
  expect(stored).toEqual(['acme: a b', 'acme: c', 'acme: d']);
});

it('an item whose lease has ended is not waited for, and a renewed one is', () => {
  const { groups, stored } = recorded();
  groups.begin([item('lost')], LEASE_MS);
  jest.advanceTimersByTime(LEASE_MS);
  void groups.seal(seal(item('a')));
  expect(stored).toEqual(['acme: a']);
  groups.begin([item('held')], LEASE_MS);
  jest.advanceTimersByTime(LEASE_MS / 2);
  groups.begin([item('held')], LEASE_MS);
  jest.advanceTimersByTime(LEASE_MS / 2);
  void groups.seal(seal(item('b')));
  expect(stored).toEqual(['acme: a']);
});

it('tenants share no statement', () => {
  const { groups, stored } = recorded();
  groups.begin([item('a'), item('x', 'globex'), item('b')], LEASE_MS);
  for (const one of [item('a'), item('x', 'globex'), item('b')]) void groups.seal(seal(one));
  expect(stored).toEqual(['acme: a b', 'globex: x']);
});
