import { randomUUID } from 'node:crypto';
import { runUuid, toRunId } from '@taskrunner/core/foundation';
import { EndedRuns } from './ended-runs';

const end = () => ({ runId: toRunId(randomUUID()), outbox: [{ kind: 'attest', body: null } as const] });

describe('runs that have ended in this process', () => {
  it('are asked for in the order of their ends, so many at once, until they are taken', () => {
    const ended = new EndedRuns({ asked: 2, known: 10 });
    const [first, second, third] = [end(), end(), end()];
    for (const commit of [first, second, third]) ended.committed(commit);
    ended.committed({ ...end(), outbox: [] });
    const names = [first, second, third].map(({ runId }) => runUuid(runId));
    expect(ended.oldest()).toEqual(names.slice(0, 2));
    ended.answered(ended.oldest(), names.slice(1, 2), false);
    expect(ended.oldest()).toEqual([names[0], names[2]]);
    // There was room for more: another worker has the first one.
    ended.answered(ended.oldest(), names.slice(2), true);
    expect(ended.oldest()).toEqual([]);
  });

  it('are forgotten, the oldest first, if there are too many', () => {
    const ended = new EndedRuns({ asked: 9, known: 2 });
    const commits = [end(), end(), end()];
    for (const commit of commits) ended.committed(commit);
    expect(ended.oldest()).toEqual(commits.slice(1).map(({ runId }) => runUuid(runId)));
  });
});
