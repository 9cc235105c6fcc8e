import { digestOf } from '../canonical/digest';
import type { Digest, NodeId, StepId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { Reference } from '../expression/inspect';
import { itemsAround, nodeOf, repeatOf, scopeOf } from '../plan/place';
import { nodeAt, packAround, type PlanIndex } from '../plan/plan-index';
import { nodesFrom, nodesIn } from '../plan/behind/behind-gate';
import { readsOf } from './behind';
import { resultDigest } from './gate-reads';
import type { RunProjection } from './run-projection';
import { failedIn, previousItem, visibleStep, type Journaled } from './scope';

// What a rerun reuses of its original run. The rules here read the two journals only and never look at a value.

/** The keywords for the start of a rerun. Anything else is the id of a node of the plan. */
export const RERUN_FROM = { failed: 'failed', start: 'start' } as const;

/** True if a rerun may begin there. */
export function isRerunFrom(index: Pick<PlanIndex, 'nodes'>, from: string): boolean {
  return from === RERUN_FROM.failed || from === RERUN_FROM.start || index.nodes.has(from as NodeId);
}

/**
 * The nodes that a rerun always executes again: those from its starting point on, and cleanup, which must clean up after the rerun's own
 * effects.
 */
export function doneAgain(index: PlanIndex, from: string): ReadonlySet<NodeId> {
  if (from === RERUN_FROM.start) return new Set(index.nodes.keys());
  const cleanup = [...index.nodes.values()].filter(({ node }) => node.runOn !== 'success');
  const first = from === RERUN_FROM.failed ? undefined : index.nodes.get(from as NodeId);
  return new Set([...cleanup.flatMap((node) => [...nodesIn(node)]), ...(first ? nodesFrom(index, first) : [])]);
}

/**
 * True if everything that a leaf's expressions read has the value that it had when the original started the leaf. The original's result is
 * then still valid. It does not matter who decided at a gate: of an approval only the decision and the response count.
 */
function readsAsBefore(index: PlanIndex, step: StepId, then: RunProjection, now: RunProjection): boolean {
  const before = readsDigest({ index, results: then }, step);
  return before !== null && before === readsDigest({ index, results: now }, step);
}

/** For everything that a leaf reads; null if part of it has not ended yet. */
function readsDigest(context: Journaled, step: StepId): Digest | null {
  const { index, results } = context;
  const pack = packAround(index, step);
  const reads: Record<string, Json> = {};
  for (const item of itemsAround(step)) {
    const list = results.get(repeatOf(item))?.items ?? null;
    if (list === null) return null;
    reads[`item(${item})`] = list.ref?.digest ?? null;
  }
  for (const reference of readsOf(nodeAt(index, step))) {
    const { root, path } = reference;
    if (root === 'inputs' && pack !== null) reads['inputs'] = results.get(pack)?.inputs?.digest ?? null;
    else if (root === 'failed') reads['failed'] = [...failedIn(context, scopeOf(step))];
    else if (root === 'previous') {
      const item = previousItem(index, step);
      reads['previous'] = item === null ? null : (results.get(item)?.outputs?.digest ?? null);
    } else if (root === 'steps') {
      const [name] = path;
      const place = typeof name === 'string' ? visibleStep(index, step, name) : null;
      if (place === null) continue;
      const read = stepRead(context, place, reference);
      if (read === null) return null;
      reads[`${place}.${read.part}`] = read.digest;
    }
  }
  return digestOf(reads);
}

/** What is read of a step, with its digest; null while the step has not ended. */
function stepRead(
  context: Journaled,
  place: StepId,
  { path }: Reference,
): { readonly part: string; readonly digest: Json } | null {
  const result = resultDigest(context, place);
  if (result === null) return null;
  const { node } = nodeAt(context.index, place);
  const gate = node.kind === 'gate' && node.policy === null ? context.results.get(place)?.gate : undefined;
  const part = gate && path[1] === 'outputs' && typeof path[2] === 'string' ? path[2] : '';
  if (part === 'decision') return { part, digest: gate?.outcome ?? null };
  if (part === 'response') return { part, digest: gate?.decisions.at(-1)?.response?.digest ?? null };
  return { part: '', digest: result };
}

/** True if nothing forbids that a rerun reuses the original's result of this leaf. */
export function mayTakeOver(
  index: PlanIndex,
  step: StepId,
  again: ReadonlySet<NodeId>,
  then: RunProjection,
  now: RunProjection,
): boolean {
  if (then.get(step)?.status !== 'succeeded' || again.has(nodeOf(step))) return false;
  return readsAsBefore(index, step, then, now);
}
