import type { RunId, TenantId } from '@taskrunner/core/foundation';
import { RunTails, type Tail } from './run-tails';

const tenant = 'acme' as TenantId;
const run = (name: string) => name as RunId;

function world() {
  const tails = new Map<string, Tail>();
  const asked: number[] = [];
  const reader = {
    tail: async (runs: readonly { tenant: TenantId; runId: RunId }[]) => {
      asked.push(runs.length);
      return runs.flatMap(({ tenant: of, runId }) => {
        const tail = tails.get(runId);
        return tail ? [{ tenant: of, runId, lastSeq: 1, ...tail }] : [];
      });
    },
  };
  return { tails, asked, watch: new RunTails(reader) };
}

const until = async (holds: () => boolean) => {
  for (let i = 0; i < 3_000 && !holds(); i++) await new Promise((go) => setTimeout(go, 10));
  expect(holds()).toBe(true);
};

describe('RunTails', () => {
  it('asks once for all watchers, tells changes only, and stops asking when nobody watches', async () => {
    const { tails, asked, watch } = world();
    tails.set('a', { status: 'running', lastLine: 1, version: 1 });
    const seen: number[] = [];
    const ends = [
      watch.watch(tenant, run('a')).subscribe(({ lastLine }) => seen.push(lastLine)),
      watch.watch(tenant, run('a')).subscribe(({ lastLine }) => seen.push(-lastLine)),
      watch.watch(tenant, run('b')).subscribe(() => seen.push(0)),
    ];
    await until(() => seen.length === 2);
    await until(() => asked.length >= 3);
    expect(seen).toEqual([1, -1]);
    expect(new Set(asked)).toEqual(new Set([2]));
    tails.set('a', { status: 'succeeded', lastLine: 5, version: 2 });
    await until(() => seen.length === 4);
    expect(seen).toEqual([1, -1, 5, -5]);
    for (const end of ends) end.unsubscribe();
    const { length } = asked;
    await new Promise((go) => setTimeout(go, 300));
    expect(asked.length).toBeLessThanOrEqual(length + 1);
  });

  it('asks at once for a new watcher, also while it asks for others, and once for many', async () => {
    jest.useFakeTimers();
    try {
      const answers: (() => void)[] = [];
      const asked: number[] = [];
      const tail = (runs: readonly unknown[]) => {
        asked.push(runs.length);
        return new Promise<never[]>((resolve) => answers.push(() => resolve([])));
      };
      const watch = new RunTails({ tail });
      watch.watch(tenant, run('a')).subscribe();
      await jest.advanceTimersByTimeAsync(1);
      expect(asked).toEqual([1]);
      watch.watch(tenant, run('b')).subscribe();
      answers[0]?.();
      await jest.advanceTimersByTimeAsync(5);
      expect(asked).toEqual([1, 2]);
      answers[1]?.();
      await jest.advanceTimersByTimeAsync(6);
      for (const name of ['c', 'd', 'e']) watch.watch(tenant, run(name)).subscribe();
      await jest.advanceTimersByTimeAsync(1);
      expect(asked).toEqual([1, 2, 5]);
      answers[2]?.();
      await jest.advanceTimersByTimeAsync(20);
      expect(asked).toEqual([1, 2, 5]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('asks more often while a run that is not over progresses, and after somebody began to watch it', async () => {
    jest.useFakeTimers();
    try {
      const { tails, asked, watch } = world();
      const askedIn = async (ms: number): Promise<number> => {
        const { length } = asked;
        await jest.advanceTimersByTimeAsync(ms);
        return asked.length - length;
      };
      tails.set('a', { status: 'running', lastLine: 0, version: 1 });
      const end = watch.watch(tenant, run('a')).subscribe();
      // At 0, 5, 10, 15, 22, 33, 50 and 75 ms, then every 25.
      expect([await askedIn(16), await askedIn(18), await askedIn(42)]).toEqual([4, 2, 2]);
      expect(await askedIn(900)).toBe(36);
      await askedIn(225);
      expect(await askedIn(1_000)).toBe(10);
      tails.set('a', { status: 'running', lastLine: 0, version: 2 });
      await askedIn(100);
      expect(await askedIn(500)).toBe(20);
      tails.set('a', { status: 'succeeded', lastLine: 0, version: 3 });
      await askedIn(1_100);
      expect(await askedIn(1_000)).toBe(10);
      end.unsubscribe();
    } finally {
      jest.useRealTimers();
    }
  });
});
