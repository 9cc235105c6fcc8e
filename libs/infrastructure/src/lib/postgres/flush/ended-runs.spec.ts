import { randomUUID } from 'node:crypto';
import { toRunId, type TenantId } from '@taskrunner/core/foundation';
import { EndedRuns } from './ended-runs';

const tenant = 'acme' as TenantId;
const end = (more = {}) => ({
  ...{ tenant, runId: toRunId(randomUUID()) },
  outbox: [{ kind: 'attest', ...more } as const],
});

describe('runs that have ended in this process', () => {
  it('are taken once each, in the order of their ends', () => {
    const ended = new EndedRuns({ known: 10 }, () => 1);
    const commits = [end({ traceContext: '00-1-2-01' }), end(), end()];
    for (const [index, commit] of commits.entries()) ended.committed(commit, `item ${index}`, 0);
    ended.committed({ ...end(), outbox: [] }, 'none', 0);
    const items = commits.map(({ runId }, index) => ({
      ...{ id: `item ${index}`, tenant, runId, kind: 'attest', tries: 1 },
      ...(index === 0 ? { traceContext: '00-1-2-01' } : {}),
    }));
    expect(ended.take(0)).toEqual([]);
    expect(ended.take(2)).toEqual(items.slice(0, 2));
    expect(ended.take(2)).toEqual(items.slice(2));
    expect(ended.take(2)).toEqual([]);
  });

  it('are left to everybody before others may take them', () => {
    let now = 0;
    const ended = new EndedRuns({ known: 10 }, () => now);
    ended.committed(end(), 'first', 0);
    ended.committed(end(), 'second', 2_000);
    now = 7_000;
    expect(ended.take(9).map(({ id }) => id)).toEqual(['second']);
    now = 0;
    expect(ended.take(9)).toEqual([]);
  });

  it('are forgotten, the oldest first, if there are too many', () => {
    const ended = new EndedRuns({ known: 2 }, () => 1);
    for (const id of ['first', 'second', 'third']) ended.committed(end(), id, 0);
    expect(ended.take(9).map(({ id }) => id)).toEqual(['second', 'third']);
  });
});
