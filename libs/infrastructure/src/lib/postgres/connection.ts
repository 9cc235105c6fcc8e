import { Pool, types } from 'pg';
import type { PoolClient, PoolConfig } from 'pg';

/** How a process connects. */
export interface ConnectionOptions {
  /** Connections of the pool. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Longest time a statement may take, milliseconds. Default 30 s. */
  readonly statementTimeoutMs?: number;
  /** Several statements in one round trip (`Queries` of the webservice). */
  readonly pipeline?: boolean;
  /** Plan each named statement once, whatever its parameters: the flush has so many arms that planning would outweigh it. */
  readonly genericPlans?: boolean;
  /** Find rows by an index wherever there is one. A plan that is made once, while tables are empty, would else read them whole ever after. */
  readonly byIndex?: boolean;
  /** Told of connections that broke; the pool replaces them. */
  readonly onError?: (error: Error) => void;
}

const INT8 = 20;
type Parse = (text: string) => unknown;
const parsers: NonNullable<PoolConfig['types']> = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): Parse =>
    oid === INT8 && format !== 'binary' ? Number : (types.getTypeParser(oid, 'text') as Parse),
};

/**
 * A pool that survives its server: every client has an error listener, dead peers are noticed (keep-alive), and no statement
 * or open transaction lasts. 64-bit integers are read as numbers: counters and milliseconds stay far below 2^53.
 */
export function openPool(url: string, options: ConnectionOptions = {}): Pool {
  const settings = [
    '-c jit=off',
    ...(options.genericPlans ? ['-c plan_cache_mode=force_generic_plan'] : []),
    ...(options.byIndex ? ['-c enable_seqscan=off'] : []),
  ];
  const config: PoolConfig = {
    connectionString: url,
    max: options.max ?? 8,
    application_name: options.applicationName ?? 'taskrunner',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    query_timeout: (options.statementTimeoutMs ?? 30_000) + 5_000,
    idle_in_transaction_session_timeout: 30_000,
    options: settings.join(' '),
    types: parsers,
    pipeline: options.pipeline ?? false,
  };
  const pool = new Pool(config);
  const report = (error: Error) => options.onError?.(error);
  pool.on('error', report);
  pool.on('connect', (client: PoolClient) => client.on('error', report));
  return pool;
}
