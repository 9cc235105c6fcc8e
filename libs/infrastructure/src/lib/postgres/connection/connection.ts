import type { EventEmitter } from 'node:events';
import { Pool, types } from 'pg';
import type { PoolClient, PoolConfig } from 'pg';
import { GuardedClient } from './guarded-client';
import { readJsonColumn } from './json-column';

/** Connection settings of a process. */
export interface ConnectionOptions {
  /** Number of connections of the pool. */
  readonly max?: number;
  /** Timeout for getting a connection, milliseconds: until one of the pool is free, or a new one is open. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Name in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Statement timeout, milliseconds. Default 30 s. */
  readonly statementTimeoutMs?: number;
  /** Sends several statements in one round trip (`Queries` of the webservice). */
  readonly pipeline?: boolean;
  /**
   * Plans each named statement once, independent of its parameters. The flush has so many parts that planning it takes longer than
   * executing it.
   */
  readonly genericPlans?: boolean;
  /**
   * For queries that find a few rows by key: prefers indexes, and plans again periodically. A plan that was made while tables were empty
   * would otherwise scan them completely forever. Bitmap scans are off: an index scan marks dead entries, so that no scan visits them
   * twice.
   */
  readonly byIndex?: boolean;
  /**
   * For `byIndex`: maximum age of the plans of a busy connection, milliseconds; six times as long for idle connections. Planning a worker's
   * queries again takes some 20 ms of database time. Default 5 s.
   */
  readonly replanMs?: number;
  /** Called for broken connections; the pool replaces them. */
  readonly onError?: (error: Error) => void;
  /** Called with each error that the server reports of a statement, before the caller of the statement gets it. */
  readonly onRefused?: (error: unknown) => void;
}

const INT8 = 20;
type Parse = (text: string) => unknown;
/** 64-bit integers are read as numbers: counters and milliseconds stay far below 2^53. */
export const parsers: NonNullable<PoolConfig['types']> = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): Parse =>
    oid === INT8 && format !== 'binary' ? Number : (types.getTypeParser(oid, 'text') as Parse),
};

const JSON_TYPES: ReadonlySet<number> = new Set([114, 3802]);
/** As `parsers`, for rows that somebody else may have altered: see `readJsonColumn`. */
const readingParsers: NonNullable<PoolConfig['types']> = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): Parse =>
    JSON_TYPES.has(oid) && format !== 'binary' ? readJsonColumn : (parsers.getTypeParser(oid, format) as Parse),
};

/**
 * How long a connection that is not used stays open. A new one takes 10 to 20 ms of processor time of both sides: for its password, for the
 * caches of the server's process, and for plans of all statements.
 */
const IDLE_FOR_MS = 600_000;

/**
 * Opens a pool that survives outages of its server: every client has an error listener, dead peers are detected (keep-alive), and
 * statements and open transactions have timeouts. Answers that cannot be read fail only their statements (`GuardedClient`). 64-bit integers are read as numbers (see `parsers`).
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
    idleTimeoutMillis: IDLE_FOR_MS,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    query_timeout: (options.statementTimeoutMs ?? 30_000) + 5_000,
    idle_in_transaction_session_timeout: 30_000,
    options: settings.join(' '),
    types: readingParsers,
    pipeline: options.pipeline ?? false,
    Client: GuardedClient,
  };
  const pool = new Pool(config);
  const report = (error: Error) => options.onError?.(error);
  pool.on('error', report);
  pool.on('connect', (client: PoolClient) => client.on('error', report));
  const { onRefused } = options;
  if (onRefused) pool.on('connect', (client: PoolClient) => reportRefusals(client, onRefused));
  if (options.byIndex) planAgain(pool, options.replanMs ?? 5_000);
  return pool;
}

/** The protocol of a client is an emitter, which the types of the driver leave out. */
function reportRefusals(client: PoolClient, onRefused: (error: unknown) => void): void {
  (client as unknown as { readonly connection: EventEmitter }).connection.on('errorMessage', onRefused);
}

/**
 * Number of uses since the last planning above which a connection counts as busy. An idle worker sends a few queries a second, a busy one
 * hundreds.
 */
const OFTEN = 200;
/** Factor for idle connections: a bad plan costs them little, but planning costs as much as on a busy connection. */
const SELDOM_TIMES = 6;

/** Makes each connection discard outdated plans at its next use. */
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
    // If the connection is lost here, the following statement fails too and reports the error.
    client.query('discard plans').catch(() => undefined);
  });
}
