import type { JsonObject } from '../lib/foundation/json';
import { parseExpression, type Expression } from '../lib/expression/expression';

/** Values that expressions of tests read. */
export const SCOPE: JsonObject = {
  inputs: {
    flag: false,
    on: true,
    name: 'web',
    size: 3,
    zero: 0,
    none: null,
    list: [3, 1, 10, 2],
    limit: 90,
    users: [
      { user: 'a', lastUsedDays: 10, admin: true },
      { user: 'b', lastUsedDays: 100, admin: false },
    ],
    nested: { b: { 'c-d': 1 }, a: 2 },
  },
  steps: { 'collect-stale': { outputs: { count: 4, phase: 'full' } }, triage: { outputs: { ids: ['x'] } } },
  item: { 'is-new': true, not: 5 },
  index: 2,
  previous: null,
  failed: [],
};

/** The parsed expression. Throws if it has faults. */
export function parsed(text: string): Expression {
  const result = parseExpression(text);
  if (result.kind === 'faults') throw new Error(`${text}: ${JSON.stringify(result.faults)}`);
  return result.expression;
}
