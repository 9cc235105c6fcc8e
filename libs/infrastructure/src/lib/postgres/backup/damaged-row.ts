import type { Client } from 'pg';
import { failureOf, isAuditBroken } from '../connection/sql-state';

/** Raised by a statement of a schedule whose row is not as it was read. */
const OF_SCHEDULE = 'TR001';
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** True if a row is the cause: the database refuses its data, or this process cannot read it. */
function isOfRow(error: unknown): boolean {
  const failure = failureOf(error);
  if (failure === 'data' || isAuditBroken(error)) return true;
  const { code } = error as { readonly code?: unknown };
  return failure === 'fault' && (typeof code !== 'string' || !SQLSTATE.test(code) || code === OF_SCHEDULE);
}

/**
 * Does work that depends on the rows of one tenant, within a transaction. If such a row is damaged, what the work has written is taken back, and
 * its reason is returned: the rows of other tenants must not be lost with it. Null: it is done. Other errors are rethrown.
 */
export async function unlessDamaged(client: Client, work: () => Promise<void>): Promise<string | null> {
  await client.query('savepoint undamaged');
  try {
    await work();
    await client.query('release savepoint undamaged');
    return null;
  } catch (error) {
    if (!isOfRow(error)) throw error;
    await client.query('rollback to savepoint undamaged');
    return error instanceof Error ? error.message : String(error);
  }
}
