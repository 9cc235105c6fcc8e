import { digestOf } from '../canonical/digest';
import type { Digest, NodeId, StepId } from '../foundation/ids';
import type { Reference } from '../expression/inspect';
import { readsOfTemplate } from '../expression/json-template';
import { nodesBehind, placeBehind } from '../plan/behind/behind-gate';
import { itemAt } from '../plan/loop-items';
import { indexOf, isItem, itemsAround, nodeOf, repeatOf, scopeOf } from '../plan/place';
import { childOf, nodeAt, packAround } from '../plan/plan-index';
import { readsOf, readsPrevious } from './behind';
import type { StepResult } from './run-projection';
import {
  endOfPack,
  failedIn,
  isLeftOut,
  previousItem,
  viewOfJournal,
  visibleStep,
  type Journaled,
  type BindingContext,
} from './scope';
import { valueOf, type Missing } from './values';

// Digests of the values that a gate binds because effects behind it may read them (docs/guides/approvals.md, What you approve). They derive from the journal alone. So the
// driver, when an effect starts, and the verifier, which may hold no values, compute the same digests under the same names.

/**
 * Digests of the values that steps behind a gate read, by step id, by item for `previous`, or as `inputs(<pack>)` and `failed(<scope>)`.
 */
type GateReads = { readonly [read: string]: Digest };

// Step ids contain no parentheses, so these names cannot be confused with places.
const inputsRead = (pack: StepId): string => `inputs(${pack})`;
const failedRead = (scope: string): string => `failed(${scope})`;
const NAMED_READ = /^(inputs|failed)\((.*)\)$/;

/** Digests of the results of ended steps. A result and those of the items below it are written once. */
const digests = new WeakMap<StepResult, Digest>();

/** The digest of everything that expressions can see of an ended step, with its outputs by digest; null while the step has not ended. */
export function resultDigest(context: Journaled, step: StepId): Digest | null {
  const result = context.results.get(step);
  if (!context.index.nodes.has(nodeOf(step))) return null;
  if (!result) {
    const isOver = !isItem(step) && isLeftOut(context, step);
    return isOver ? digestOf({ ...viewOfJournal(context, step), code: null, outputs: null }) : null;
  }
  if (result.endedAt === null) return null;
  let digest = digests.get(result);
  if (digest === undefined) {
    const view = isItem(step) ? { status: result.status } : viewOfJournal(context, step);
    digest = digestOf({ ...view, code: result.code, outputs: result.outputs?.digest ?? null });
    digests.set(result, digest);
  }
  return digest;
}

/**
 * What is fixed when a gate is reached and what steps behind it can read.
 *
 * Of an inner pack around the gate, `inputs` are such a value: they were frozen when the pack was entered, before the gate. A
 * pack that stands behind the gate is entered after it: its inputs are computed from its `with`, whose references count as
 * reads of the pack's node itself, so they derive from what is bound already.
 *
 * A container around the gate is not over when the gate is reached. Behind an approval gate the planner refuses to read it;
 * behind a policy that people may override it does not: then what ended inside before is bound one by one (of a pack: what
 * its declared outputs name).
 */
export function readsBehind(context: Journaled, gate: StepId): GateReads {
  const { index } = context;
  const behind = nodesBehind(index, gate);
  const ids = new Set(behind.map(({ id }) => id));
  const reads: Record<string, Digest> = {};
  const seen = new Set<string>();
  const add = (read: string): void => {
    if (seen.has(read)) return;
    seen.add(read);
    const digest = digestOfRead(context, () => ids, read);
    if (digest !== null) reads[read] = digest;
  };
  const addStep = (place: StepId): void => {
    const { id, node, bodies } = nodeAt(index, place);
    if (place === gate || ids.has(id) || seen.has(place)) return;
    add(place);
    if (reads[place] !== undefined) return;
    if (node.kind === 'pack')
      addAll(
        endOfPack(place),
        node.outputs.flatMap(({ value }) => readsOfTemplate(value)),
      );
    else if (node.kind !== 'map' && node.kind !== 'loop')
      for (const { name } of bodies.flatMap((body) => body.nodes)) addStep(childOf(index, place, name));
  };
  const addAll = (place: StepId, references: readonly Reference[]): void => {
    for (const { root, path } of references) {
      if (root === 'inputs') {
        const pack = packAround(index, place);
        if (pack !== null) add(inputsRead(pack));
      } else if (root === 'failed') {
        const scope = scopeOf(place);
        if (scope === '' || gate.startsWith(`${scope}::`)) add(failedRead(scope));
      } else if (root === 'steps' && typeof path[0] === 'string') {
        const step = visibleStep(index, place, path[0]);
        if (step !== null) addStep(step);
      }
    }
  };
  for (const node of behind) {
    const place = placeBehind(gate, node);
    const before = readsPrevious(node) ? previousItem(index, place) : null;
    if (before !== null) add(before);
    addAll(place, readsOf(node));
  }
  return reads;
}

/** True if every value that a gate's request names as read is unchanged since the gate opened. */
export function readsAreAsBefore(context: Journaled, gate: StepId, reads: GateReads): boolean {
  const behind = (): ReadonlySet<NodeId> => new Set(nodesBehind(context.index, gate).map(({ id }) => id));
  return Object.entries(reads).every(([read, digest]) => digestOfRead(context, behind, read) === digest);
}

/**
 * True if a value that a gate has bound may change after the gate opened. That is the list of failed steps of a scope that has not ended.
 */
export function mayChange(reads: GateReads): boolean {
  return Object.keys(reads).some((read) => NAMED_READ.exec(read)?.[1] === 'failed');
}

/** The digest of one value that is read; null if it is not known yet. Failures of steps behind the gate itself do not count. */
function digestOfRead(context: Journaled, behind: () => ReadonlySet<NodeId>, read: string): Digest | null {
  const [, what, place = ''] = NAMED_READ.exec(read) ?? [];
  if (what === 'inputs') return context.results.get(place as StepId)?.inputs?.digest ?? null;
  if (what !== 'failed') return resultDigest(context, read as StepId);
  const failed = failedIn(context, place);
  const ids = failed.length > 0 ? behind() : new Set<NodeId>();
  return digestOf(failed.filter((step) => !ids.has(nodeAt(context.index, step).id)));
}

/**
 * The digest of the item that a gate stands in; of more than one, of the list of them, the outermost first, for a step behind
 * the gate may read each. Those around an inner pack count too: its inputs may come from them. Null outside of maps and loops.
 */
export function itemDigest(
  context: Pick<BindingContext, 'index' | 'results' | 'values'>,
  gate: StepId,
  missing: Missing,
): Digest | null {
  const { index, results, values } = context;
  const items = itemsAround(gate).map((item) =>
    itemAt(valueOf(index, results, values, results.get(repeatOf(item))?.items?.ref ?? null, missing), indexOf(item)),
  );
  const [only] = items;
  if (only === undefined) return null;
  return digestOf(items.length === 1 ? only : items);
}
