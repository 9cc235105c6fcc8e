import type { Query, QueryClient } from '@tanstack/react-query';
import { isUnreached } from '../api/problem';

/** Never changes on the server. It is read again only if it could not be read. */
const FIXED: ReadonlySet<unknown> = new Set(['bundle', 'plan', 'form', 'plan-of-gate']);

/** `unreached`: no answer came for a part of the page, so that another try may help. `refused`: the server does not give a part of it. */
type Reread = 'whole' | 'refused' | 'unreached';

/** Reads again what the page shows; `isPart`: only what could not be read. */
export async function readAgain(queries: QueryClient, isPart = false): Promise<Reread> {
  const mustRead = isPart ? ({ state }: Query): boolean => state.error !== null : mayDiffer;
  await queries.refetchQueries({ type: 'active', predicate: mustRead });
  const errors = queries
    .getQueryCache()
    .findAll({ type: 'active' })
    .map(({ state }): unknown => state.error)
    .filter((error) => error !== null);
  if (errors.some(isUnreached)) return 'unreached';
  return errors.length === 0 ? 'whole' : 'refused';
}

function mayDiffer({ queryKey, state }: Query): boolean {
  return state.status === 'error' || !FIXED.has(queryKey[0]);
}
