import type { Client } from 'pg';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/**
 * Executes a statement with `explain`. Returns the number of rows that its scans read, also those that a filter dropped, and the rows of lists
 * as often as they are read again.
 */
export async function rowsRead(client: Client, text: string, values: readonly unknown[]): Promise<number> {
  const { rows } = await client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>({
    text: `explain (analyze, format json) ${text}`,
    values: [...values],
  });
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
  if (!plan) throw new TypeError('no plan');
  return rowsOf(plan);
}

function rowsOf(node: PlanNode): number {
  const removed = node['Rows Removed by Filter'] ?? 0;
  const reads = node['Node Type'].includes('Scan') || node['Node Type'] === 'Materialize';
  const own = reads ? (node['Actual Rows'] + removed) * node['Actual Loops'] : 0;
  return own + (node.Plans ?? []).reduce((sum, child) => sum + rowsOf(child), 0);
}
