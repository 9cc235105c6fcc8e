import { Pool, types } from 'pg';
import type { PoolClient, PoolConfig } from 'pg';

/** How a process connects. */
export interface ConnectionOptions {
  /** Connections of the pool. */
  readonly max?: number;
  /** Longest wait for a connection, milliseconds: until one of the pool is free, or a new one is open. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Longest time a statement may take, milliseconds. Default 30 s. */
  readonly statementTimeoutMs?: number;
  /** Several statements in one round trip (`Queries` of the webservice). */
  readonly pipeline?: boolean;
  /** Plan each named statement once, whatever its parameters: the flush has so many arms that planning would outweigh it. */
  readonly genericPlans?: boolean;
  /**
   * Find a few rows by their keys, wherever there is an index, and plan again now and then: a plan that was made while tables were empty
   * would else read them whole ever after. Without bitmaps: a scan of an index marks entries that it found dead, so that none is looked
   * at twice.
   */
  readonly byIndex?: boolean;
  /**
   * Of `byIndex`, milliseconds: how old the plans of a connection become that is asked often; others become six times as old. Planning again
   * what a worker asks takes some 20 ms of the database's time. Default 5 s.
   */
  readonly replanMs?: number;
  /** Told of connections that broke; the pool replaces them. */
  readonly onError?: (error: Error) => void;
}

const INT8 = 20;
type Parse = (text: string) => unknown;
/** 64-bit integers are read as numbers: counters and milliseconds stay far below 2^53. */
export const parsers: NonNullable<PoolConfig['types']> = {
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
    ...(options.byIndex ? ['-c enable_seqscan=off', '-c enable_bitmapscan=off', '-c random_page_cost=1.1'] : []),
  ];
  const config: PoolConfig = {
    connectionString: url,
    max: options.max ?? 8,
    application_name: options.applicationName ?? 'taskrunner',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
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
  if (options.byIndex) planAgain(pool, options.replanMs ?? 5_000);
  return pool;
}

/** Uses since the last plans from which on a connection is asked often. A worker with nothing to do asks a few times a second, one with work hundreds. */
const OFTEN = 200;
/** A plan that does not fit costs a connection little that is asked seldom, and planning again costs it as much. */
const SELDOM_TIMES = 6;

/** Each connection throws its plans away when it is used and they are older. */
function planAgain(pool: Pool, everyMs: number): void {
  const planned = new WeakMap<PoolClient, { at: number; uses: number }>();
  const begin = (client: PoolClient) => planned.set(client, { at: performance.now(), uses: 0 });
  pool.on('connect', begin);
  pool.on('acquire', (client: PoolClient) => {
    const plans = planned.get(client);
    if (!plans) return void begin(client);
    plans.uses += 1;
    const age = performance.now() - plans.at;
    if (age < everyMs || (plans.uses < OFTEN && age < everyMs * SELDOM_TIMES)) return;
    begin(client);
    // A connection that is lost here fails the statement that follows too, and that one is told.
    client.query('discard plans').catch(() => undefined);
  });
}
