import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { Entry, Page } from '@taskrunner/core/journal';
import { SharedTimings } from './shared-timings';

const TENANT = 'acme' as TenantId;
const run = (name: string) => name as RunId;

/** A journal of as many started steps. */
function journal(steps: number): Entry[] {
  return Array.from({ length: steps }, (_, n) => {
    const event = { type: 'step.started', step: `s${n}`, attempt: 1, execution: 1 };
    return { seq: n + 1, at: n, kind: 'derived', event } as Entry;
  });
}

class Journals {
  readonly asked: string[] = [];
  readonly rows = new Map<string, Entry[]>();
  readonly archive = new Map<string, Entry[]>();

  readonly entries = (tenant: TenantId, name: RunId, after: number, pages: number): Promise<readonly Entry[]> => {
    this.asked.push(`${tenant} ${name} ${after}`);
    return Promise.resolve((this.rows.get(name) ?? []).filter(({ seq }) => seq > after).slice(0, pages));
  };
  readonly archived = {
    of: (_tenant: TenantId, name: RunId): Promise<readonly Page[]> =>
      Promise.resolve([{ entries: this.archive.get(name) ?? [] } as unknown as Page]),
  };

  timings(most: number): SharedTimings {
    return new SharedTimings(this, this.archived, most);
  }
}

describe('the timings of runs', () => {
  it('read only what was added since', async () => {
    const journals = new Journals();
    const timings = journals.timings(1_000);
    journals.rows.set('a', journal(100));
    const [first] = await Promise.all([timings.of(TENANT, run('a'), false), timings.of(TENANT, run('a'), false)]);
    expect([first.lastSeq, first.executionsOf('s99' as never).length]).toEqual([100, 1]);
    journals.rows.set('a', journal(101));
    journals.asked.length = 0;
    expect((await timings.of(TENANT, run('a'), false)).executionsOf('s100' as never)).toHaveLength(1);
    expect(journals.asked).toEqual(['acme a 100', 'acme a 101']);
  });

  it('hold no more than they may', async () => {
    const journals = new Journals();
    const timings = journals.timings(100);
    for (const name of ['a', 'b', 'c']) journals.rows.set(name, journal(20));
    for (const name of ['a', 'b', 'a', 'c']) await timings.of(TENANT, run(name), false);
    // A step and its execution count as two. The one that was used longest ago is dropped.
    expect(timings.size).toBe(80);
    journals.asked.length = 0;
    await timings.of(TENANT, run('a'), false);
    expect(journals.asked).toEqual(['acme a 20']);
    journals.rows.set('large', journal(51));
    await expect(timings.of(TENANT, run('large'), false)).rejects.toMatchObject({ code: 'TIMINGS_TOO_LARGE' });
    expect(timings.size).toBeLessThanOrEqual(100);
  });

  it('are those of the archive where the rows of a sealed run are gone, and of no other run', async () => {
    const journals = new Journals();
    journals.archive.set('old', journal(3));
    expect((await journals.timings(100).of(TENANT, run('old'), false)).lastSeq).toBe(0);
    expect((await journals.timings(100).of(TENANT, run('old'), true)).lastSeq).toBe(3);
  });

  it('are read again after a failure', async () => {
    const journals = new Journals();
    journals.rows.set('a', journal(2));
    const broken = { entries: () => Promise.reject(new Error('away')) };
    const timings = new SharedTimings(broken, journals.archived, 100);
    await expect(timings.of(TENANT, run('a'), false)).rejects.toThrow('away');
    broken.entries = journals.entries as never;
    expect((await timings.of(TENANT, run('a'), false)).lastSeq).toBe(2);
  });
});
