import type { TenantId } from '@taskrunner/core/foundation';
import type { Pool, QueryResult } from 'pg';
import { AuditChainAltered } from '@taskrunner/core/stored';
import { isAuditBroken } from './sql-state';
import type { RunName } from '@taskrunner/core/ports';
import type { DueHints } from './hints';
import { withRetry } from './retry';
import { queryOf, type Statement } from './statement';

/** Executes one statement at a time, within a tenant: the database access of adapters that webservice and worker share. */
export abstract class Queries {
  /** Executes a statement that sees only this tenant's rows. */
  abstract inTenant<Row>(tenant: TenantId, statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  /** Executes a statement that names no tenant, or that calls a function for several tenants. */
  abstract across<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

/** The worker's access: its role sees all tenants, and every statement names one; autocommitted. */
export class DirectQueries extends Queries {
  constructor(private readonly pool: Pool) {
    super();
  }

  async inTenant<Row>(_tenant: TenantId, statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    return this.across(statement, values);
  }

  async across<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    const { rows } = await this.pool.query(queryOf(statement, values));
    return rows as Row[];
  }
}

interface TransactionOptions {
  /** True if the transaction can make something due, so that workers need not wait for their next poll; or the only run that it makes due. */
  readonly makesDue?: boolean | RunName;
}

const numberStatement: Statement = { name: 'transaction-number', text: 'select pg_current_xact_id()::text as number' };
const statusStatement: Statement = {
  name: 'transaction-status',
  text: 'select pg_xact_status($1::text::xid8) as status',
};

const setTenant: Statement = { name: 'set-tenant', text: `select pack_runs.set_tenant($1)` };

/**
 * The webservice's access: `BEGIN; set_tenant; statement; COMMIT`, sent in one round trip, so that no row stays locked during network
 * latency. Row-level security reads the tenant from the transaction; without one there are no rows. Needs a pool with `pipeline`.
 */
export class TenantQueries extends Queries {
  /** @param hints tells workers of what `makesDue`. */
  constructor(
    private readonly pool: Pool,
    private readonly hints: DueHints | null = null,
  ) {
    super();
  }

  async inTenant<Row>(
    tenant: TenantId,
    statement: Statement,
    values: readonly unknown[],
    options: TransactionOptions = {},
  ): Promise<Row[]> {
    const [rows] = await this.together(tenant, [[statement, values]], options);
    return rows as Row[];
  }

  /**
   * Executes several statements in one transaction, sent together. If one fails, none is applied. Returns the rows of each. Rejects with
   * `AuditChainAltered` if the audit chain cannot be continued: no caller may take that for a duplicate of its own.
   */
  async together(
    tenant: TenantId,
    steps: readonly (readonly [Statement, readonly unknown[]])[],
    { makesDue = false }: TransactionOptions = {},
  ): Promise<readonly unknown[][]> {
    const client = await this.pool.connect();
    const sent = [
      client.query('BEGIN'),
      client.query(queryOf(setTenant, [tenant])),
      ...steps.map(([statement, values]) => client.query(queryOf(statement, values))),
      client.query('COMMIT'),
    ];
    const ended = Promise.allSettled(sent);
    const due = { connection: client, ended };
    const hinted = makesDue === false ? undefined : this.hints?.send(makesDue === true ? null : makesDue, due);
    const answers = await ended;
    const failed = answers.filter((answer) => answer.status === 'rejected');
    // COMMIT of a failed transaction answers ROLLBACK, after which the connection is reusable. Otherwise its state is unknown.
    const release = (): void => client.release(answers.at(-1)?.status === 'rejected');
    if (hinted) void hinted.then(release);
    else release();
    // The first error is the cause. Later errors only report the aborted transaction.
    if (failed[0]) throw causeOf(tenant, failed[0].reason as Error);
    return (answers.slice(2, -1) as PromiseFulfilledResult<QueryResult>[]).map(({ value }) => value.rows as unknown[]);
  }

  /**
   * Executes a statement once, even if the answer to its commit is lost: the server is then asked if it has committed the transaction. For
   * statements whose rows do not show that they were executed.
   */
  async once(tenant: TenantId, statement: Statement, values: readonly unknown[]): Promise<void> {
    let transaction: string | null = null;
    await withRetry(async () => {
      if (transaction !== null && (await this.hasCommitted(transaction))) return;
      transaction = null;
      const client = await this.pool.connect();
      let isBroken = true;
      try {
        const begun = await Promise.all([
          client.query('BEGIN'),
          client.query(queryOf(setTenant, [tenant])),
          client.query<{ number: string }>(numberStatement),
        ]);
        transaction = begun[2].rows[0]?.number ?? null;
        await Promise.all([client.query(queryOf(statement, values)), client.query('COMMIT')]);
        isBroken = false;
      } catch (error) {
        throw causeOf(tenant, error as Error);
      } finally {
        client.release(isBroken);
      }
    });
  }

  private async hasCommitted(transaction: string): Promise<boolean> {
    const [row] = await this.across<{ status: string | null }>(statusStatement, [transaction]);
    if (row?.status === 'in progress')
      throw Object.assign(new Error('the transaction has not ended'), { code: '40001' });
    return row?.status === 'committed';
  }

  async across<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    const { rows } = await this.pool.query(queryOf(statement, values));
    return rows as Row[];
  }
}

function causeOf(tenant: TenantId, error: Error): Error {
  return isAuditBroken(error) ? new AuditChainAltered(tenant) : error;
}
