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
