/**
 * Returns the tenant after which the next claim begins: the last one, in the order of turns, that got as many runs as any other. A tenant
 * that got fewer, because no slot was left, is first in the next claim. Otherwise the remainder of an uneven division would always go to
 * the same tenant. Undefined if no tenant got a run.
 */
export function lastServedOf(tenants: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const tenant of tenants) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return [...counts].findLast(([, count]) => count === most)?.[0];
}
