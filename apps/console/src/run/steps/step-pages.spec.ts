import type { Step, StepStatus } from '@taskrunner/client';
import type { Page } from '../../api/pages';
import { FIRST_PLACE, groupsOf, readStepPage, type StepPlace } from './step-pages';

/** A server with so many steps of each status, whose cursors are numbers. */
function server(counts: Partial<Record<StepStatus, number>>) {
  const asked: string[] = [];
  return {
    asked,
    read: async (status: StepStatus | null, cursor: string | null, limit: number): Promise<Page<Step>> => {
      asked.push(`${status} ${cursor} ${limit}`);
      const [from, count] = [Number(cursor ?? 0), counts[status ?? 'pending'] ?? 0];
      const to = Math.min(count, from + limit);
      const items = Array.from({ length: to - from }, (_, index) => ({ id: `${status}[${from + index}]` }) as Step);
      return { items, nextCursor: to < count ? String(to) : null };
    },
  };
}

it('shows failures first, in pages that go on in the next group', async () => {
  const counts = { failed: 3, running: 2, succeeded: 6 };
  const { asked, read } = server(counts);
  const reading = { read, groups: groupsOf(undefined, true), counts };
  const ids: string[][] = [];
  for (let place: StepPlace | null = FIRST_PLACE; place !== null;) {
    const page: Awaited<ReturnType<typeof readStepPage>> = await readStepPage(reading, place, 4);
    ids.push(page.items.map(({ id }) => id));
    place = page.next;
  }
  expect(ids).toEqual([
    ['failed[0]', 'failed[1]', 'failed[2]', 'running[0]'],
    ['running[1]', 'succeeded[0]', 'succeeded[1]', 'succeeded[2]'],
    ['succeeded[3]', 'succeeded[4]', 'succeeded[5]'],
  ]);
  expect(asked).toHaveLength(5);
});

it('asks for one list where a status is chosen, or steps are in plan order', async () => {
  expect(groupsOf('failed', true)).toEqual(['failed']);
  expect(groupsOf(undefined, false)).toEqual([null]);
  const { asked, read } = server({ pending: 2 });
  expect((await readStepPage({ read, groups: [null], counts: {} }, FIRST_PLACE, 5)).next).toBeNull();
  expect(asked).toEqual(['null null 5']);
});
