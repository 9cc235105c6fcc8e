import { WorkerDirectory } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

/** Counts of living workers. */
export class PostgresWorkerDirectory extends WorkerDirectory {
  private readonly countStatement = statement('count-workers');

  constructor(private readonly queries: Queries) {
    super();
  }

  async enforcing(isolation: string): Promise<{ readonly live: number; readonly honouring: number }> {
    const [row] = await withRetry(() =>
      this.queries.across<{ live: number; honouring: number }>(this.countStatement, [isolation]),
    );
    if (!row) throw new TypeError('no count');
    return row;
  }
}
