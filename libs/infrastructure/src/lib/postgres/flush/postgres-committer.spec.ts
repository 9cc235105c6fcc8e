import { randomUUID } from 'node:crypto';
import { toRunId } from '@taskrunner/core/foundation';
import type { ClaimedRun } from '@taskrunner/core/ports';
import type { Pool } from 'pg';
import { PostgresCommitter } from './postgres-committer';
import { aCommit, start, tenantA } from '../testing/builders';

/** A server that commits every statement at once. */
const obliging = { query: async () => ({ rows: Array.from({ length: 64 }, (_, i) => ({ i: i + 1 })) }) };

const aClaim = (): ClaimedRun => ({ tenant: tenantA, runId: toRunId(randomUUID()), fence: 1 }) as unknown as ClaimedRun;

describe('group commit', () => {
  it('waits for others shortly after a flush of several runs, and for nobody after one of one', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    try {
      const flushed: number[] = [];
      const onFlushed = (runs: number): void => void flushed.push(runs);
      const committer = new PostgresCommitter(obliging as unknown as Pool, { flushes: 1, onFlushed });
      const commit = async (runs: number): Promise<void> => {
        for (let i = 0; i < runs; i++) void committer.commit(aCommit(aClaim(), start));
        await new Promise(setImmediate);
      };
      await commit(1);
      await commit(5);
      expect(flushed).toEqual([1, 1, 4]);
      await commit(1);
      await commit(1);
      expect(flushed).toEqual([1, 1, 4]);
      jest.advanceTimersByTime(10);
      await new Promise(setImmediate);
      expect(flushed).toEqual([1, 1, 4, 2]);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('the size of a flush', () => {
  it.each([
    ['outputs', { run: { outputs: { v: 'x'.repeat(600) } } }],
    ['a message', { run: { message: { text: 'x'.repeat(600) } } }],
  ] as const)('has a bound: runs with large values of their own are not stored together: %s', async (_what, large) => {
    const flushed: number[] = [];
    const onFlushed = (runs: number): void => void flushed.push(runs);
    const options = { flushes: 1, maxSize: 1_500, onFlushed };
    const committer = new PostgresCommitter(obliging as unknown as Pool, options);
    await Promise.all(Array.from({ length: 3 }, () => committer.commit(aCommit(aClaim(), start, large as never))));
    expect(flushed).toEqual([1, 1, 1]);
    const small = Array.from({ length: 3 }, () => committer.commit(aCommit(aClaim(), start)));
    await Promise.all(small);
    expect(Math.max(...flushed)).toBeGreaterThan(1);
  });
});

describe('a flush that fails', () => {
  const full = Object.assign(new Error('could not extend file "base/5/1": No space left on device'), { code: '53100' });
  const denied = Object.assign(new Error('permission denied for table runs'), { code: '42501' });

  /** A committer, and what it has told of its failures. `server.error`: what the server answers; null: it commits. `errors`: its first answers. */
  function committing() {
    const said: string[] = [];
    const server = { error: null as Error | null, errors: [] as Error[] };
    const query = async () => {
      const error = server.errors.shift() ?? server.error;
      if (error !== null) throw error;
      return obliging.query();
    };
    const failures = {
      failed: (error: unknown) => void said.push((error as { code: string }).code),
      recovered: () => void said.push('recovered'),
    };
    const committer = new PostgresCommitter({ query } as unknown as Pool, { flushes: 1, failures });
    return { committer, said, server };
  }

  it('is told each time that it is repeated without success, and once when the database commits again', async () => {
    const { committer, said, server } = committing();
    server.error = full;
    const committed = committer.commit(aCommit(aClaim(), start));
    await until(() => said.length > 2);
    expect(new Set(said)).toEqual(new Set(['53100']));
    server.error = null;
    await expect(committed).resolves.toEqual({ kind: 'committed' });
    expect(said.filter((one) => one === 'recovered')).toEqual(['recovered']);
    expect(said.at(-1)).toBe('recovered');
  });

  it('once is not told: the next attempt commits', async () => {
    const { committer, said, server } = committing();
    server.errors = [Object.assign(new Error('deadlock detected'), { code: '40P01' })];
    const committed = committer.commit(aCommit(aClaim(), start));
    await expect(committed).resolves.toEqual({ kind: 'committed' });
    expect(said).toEqual([]);
  });

  it('is not told to be over if it ends with a fault of the installation', async () => {
    const { committer, said, server } = committing();
    server.error = full;
    const committed = committer.commit(aCommit(aClaim(), start)).catch((error: unknown) => error);
    await until(() => said.length > 0);
    server.error = denied;
    expect(await committed).toBe(denied);
    expect(said).not.toContain('recovered');
  });

  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise(setImmediate);
  };
});
