import type * as CelReads from './cel-reads';
import type { PolicySource } from './policy';
import { POLICY_ROOTS, type PolicyRead } from './policy-input';

/**
 * The parts of its input that a policy can read. For CEL each part by name; for other engines each root whose name occurs in the text, and
 * all roots if the input is used as a whole. Never throws.
 */
export function readsOfPolicy({ engine, source }: PolicySource): readonly PolicyRead[] {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  if (engine === 'cel') return (require('./cel-reads') as typeof CelReads).readsOfCel(source);
  if (/\b(?:context|input)\b(?!\s*(?:\.|\[|has\b))/.test(source)) return POLICY_ROOTS.map((root) => [root]);
  const scope = source.match(/\(\s*principal\s*,/g)?.length ?? 0;
  const isAboutRequester = (source.match(/\bprincipal\b/g)?.length ?? 0) > scope;
  return POLICY_ROOTS.filter(
    (root) => new RegExp(`\\b${root}\\b`).test(source) || (root === 'actor' && isAboutRequester),
  ).map((root) => [root]);
}
