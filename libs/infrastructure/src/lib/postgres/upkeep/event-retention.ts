import type { Client } from 'pg';
import { statement } from '../connection/statement';

const AT_ONCE = 5_000;

/**
 * Deletes events older than a time, milliseconds since the epoch, of all tenants. Each event has its position first, so that a reader who has
 * not seen it learns that it is gone. Needs the role `maintain`.
 */
export async function removeEvents(client: Client, beforeMs: number): Promise<number> {
  const { rows } = await client.query<{ tenant_id: string }>(statement('list-feeds').text);
  let total = 0;
  for (const { tenant_id: tenant } of rows) {
    while ((await inTenant<{ placed: number }>(client, tenant, 'place-events', [tenant, AT_ONCE])).placed === AT_ONCE);
    for (;;) {
      const { removed } = await inTenant<{ removed: number }>(client, tenant, 'remove-events', [
        tenant,
        beforeMs,
        AT_ONCE,
      ]);
      total += removed;
      if (removed < AT_ONCE) break;
    }
  }
  return total;
}

async function inTenant<Row extends object>(
  client: Client,
  tenant: string,
  name: string,
  values: readonly unknown[],
): Promise<Row> {
  await client.query('begin');
  try {
    await client.query(`select set_config('taskrunner.tenant', $1, true)`, [tenant]);
    const { rows } = await client.query<Row>(statement(name).text, [...values]);
    await client.query('commit');
    if (!rows[0]) throw new TypeError('no answer');
    return rows[0];
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
