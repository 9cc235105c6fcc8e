import { readsOfTemplate } from '../expression/json-template';
import type { Json } from '../foundation/json';
import type { RunNode } from '../plan/plan';
import type { StepId } from '../foundation/ids';
import type { Reference } from '../expression/inspect';
import { nodesBehind } from '../plan/behind/behind-gate';
import { splitParameters } from './bind';
import type { BindingContext } from './scope';

/** Secrets that a leaf refers to in its expressions. */
export function secretsRead(node: RunNode): readonly string[] {
  const reads: readonly Reference[] = [splitParameters(node)[0], node.env as Json, node.files].flatMap(readsOfTemplate);
  return reads.flatMap(({ root, path: [name] }) => (root === 'secrets' && typeof name === 'string' ? [name] : []));
}

/** All secrets that a leaf gets, without duplicates, sorted. */
export function secretsOf(node: RunNode): readonly string[] {
  return [...new Set([...node.secrets.map(({ name }) => name), ...secretsRead(node)])].sort();
}

/** The secrets of the steps behind a gate, with the versions that the journal holds. */
export function secretsBehind(
  { index, results }: Pick<BindingContext, 'index' | 'results'>,
  gate: StepId,
): readonly { readonly name: string; readonly version: string }[] {
  const names = nodesBehind(index, gate).flatMap(({ node }) => (node.kind === 'run' ? secretsOf(node) : []));
  return [...new Set(names)].sort().flatMap((name) => {
    const version = results.secretVersion(name);
    return version === null ? [] : [{ name, version }];
  });
}
