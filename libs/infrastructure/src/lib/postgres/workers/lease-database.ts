import type { WorkerSession } from '@taskrunner/core/ports';
import { openPool } from '../connection/connection';
import { statement } from '../connection/statement';

/** Database access of the thread that renews a worker's lease: one connection with short timeouts. */
export interface LeaseDatabase {
  /** Like `Claims.renew`; an outage is reported at once. */
  renew(workerSession: WorkerSession): Promise<{ readonly held: boolean; readonly at: number }>;
  close(): Promise<void>;
}

/** Connects as `worker`, only for renewals. It skips the checks that `openWorkerDatabase` has made. */
export function openLeaseDatabase(url: string): LeaseDatabase {
  const pool = openPool(url, { applicationName: 'taskrunner worker lease', max: 1, statementTimeoutMs: 2_000 });
  const renewStatement = statement('renew-lease', 'workers');
  return {
    renew: async ({ id, leaseMs }) => {
      const { rows } = await pool.query<{ held: boolean; at_ms: number }>({ ...renewStatement, values: [id, leaseMs] });
      if (!rows[0]) throw new TypeError('no answer');
      return { held: rows[0].held, at: rows[0].at_ms };
    },
    close: () => pool.end(),
  };
}
