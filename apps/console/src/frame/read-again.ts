import type { Query, QueryClient } from '@tanstack/react-query';

/** Never changes on the server. It is read again only if it could not be read. */
const FIXED: ReadonlySet<unknown> = new Set(['bundle', 'plan', 'form', 'plan-of-gate']);

/** Reads again what the page shows. Resolves with false if a part of it could not be read. */
export async function readAgain(queries: QueryClient): Promise<boolean> {
  await queries.refetchQueries({ type: 'active', predicate: mayDiffer });
  return queries
    .getQueryCache()
    .findAll({ type: 'active' })
    .every(({ state }) => state.error === null);
}

function mayDiffer({ queryKey, state }: Query): boolean {
  return state.status === 'error' || !FIXED.has(queryKey[0]);
}
