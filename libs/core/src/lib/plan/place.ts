import type { NodeId, StepId } from '../foundation/ids';

// Places (docs/guides/writing-packs.md, Steps): a map or loop item is `stepId[index]`, a child in it `stepId[index]::templateId`, nested the same
// way; a step of an inner pack is `stepId::innerId`. Children of group, parallel and conditional share the scope they stand in. A
// node id is a place without indexes.

/** The root of the tree. */
export const ROOT = '' as StepId & NodeId;

/** The scope of a place: `a[0]::b` → `a[0]`, `p::b` → `p` (an inner pack); `''` at the top. */
export function scopeOf(place: string): string {
  const cut = place.lastIndexOf('::');
  return cut < 0 ? '' : place.slice(0, cut);
}

/** Joins a scope and a name. */
export function joinScope<Id extends string>(scope: string, name: string): Id {
  return (scope === '' ? name : `${scope}::${name}`) as Id;
}

/** The item of a map or loop with this index. */
export function itemOf(repeat: StepId, index: number): StepId {
  return `${repeat}[${index}]` as StepId;
}

/** True for an item (`a[0]`), false for a step in it. */
export function isItem(step: StepId): boolean {
  return step.endsWith(']');
}

/** The index of an item. */
export function indexOf(item: StepId): number {
  return Number(item.slice(item.lastIndexOf('[') + 1, -1));
}

/** The map or loop that an item belongs to. */
export function repeatOf(item: StepId): StepId {
  return item.slice(0, item.lastIndexOf('[')) as StepId;
}

/** The node of a step; of an item, its map or loop. */
export function nodeOf(step: StepId): NodeId {
  if (!step.includes('[')) return step as string as NodeId;
  const known = recent.get(step);
  if (known !== undefined) return known;
  const node = step.replace(/\[\d+\]/g, '') as NodeId;
  if (recent.size >= MOST_RECENT) recent.clear();
  recent.set(step, node);
  return node;
}

/** Cached, because a step is looked up repeatedly while it is active. */
const recent = new Map<StepId, NodeId>();
const MOST_RECENT = 1_000;

/** The items that a place is or is in, the outermost first. */
export function itemsAround(step: StepId): readonly StepId[] {
  const items: StepId[] = [];
  for (let at: string = isItem(step) ? step : scopeOf(step); at !== ''; at = scopeOf(at))
    if (isItem(at as StepId)) items.unshift(at as StepId);
  return items;
}

/** The innermost item that a place is or is in; null outside of maps and loops. */
export function itemAround(step: StepId): StepId | null {
  for (let at: string = isItem(step) ? step : scopeOf(step); at !== ''; at = scopeOf(at))
    if (isItem(at as StepId)) return at as StepId;
  return null;
}
