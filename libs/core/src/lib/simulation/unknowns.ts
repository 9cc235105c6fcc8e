import { previousItem, visibleStep } from '../binding/scope';
import type { Reference } from '../expression/inspect';
import type { StepId } from '../foundation/ids';
import { isItem, itemOf, nodeOf, repeatOf, scopeOf } from '../plan/place';
import { childrenOf, isPack, nodeAt, packAround, type PlanIndex } from '../plan/plan-index';

/** Results that are unknown in a simulation: those of steps that would have acted, and everything derived from them. */
export class Unknowns {
  private readonly outputs = new Set<StepId>();
  /** Maps whose items are assumed. */
  private readonly items = new Set<StepId>();
  /** Inputs of inner packs that are assumed. */
  private readonly inputs = new Map<StepId, ReadonlySet<string>>();

  constructor(private readonly index: PlanIndex) {}

  assumeOutputs(step: StepId): void {
    this.outputs.add(step);
  }

  assumeInputs(pack: StepId, names: readonly string[]): void {
    this.inputs.set(pack, new Set(names));
  }

  assumeItems(repeat: StepId): void {
    this.items.add(repeat);
  }

  hasItems(repeat: StepId): boolean {
    return this.items.has(repeat);
  }

  has(step: StepId): boolean {
    return this.outputs.has(step);
  }

  /** A container has ended. Its outputs are unknown if those from which they are computed are. */
  ended(step: StepId, branch: number, count: number): void {
    if (isItem(step)) return this.itemEnded(step);
    const { node } = nodeAt(this.index, step);
    switch (node.kind) {
      case 'group':
        return this.lastOf(step, 0);
      case 'conditional':
        return this.lastOf(step, branch);
      case 'parallel':
        if (childrenOf(this.index, step).some((child) => this.outputs.has(child))) this.outputs.add(step);
        return;
      case 'loop':
        if (node.aggregation === 'last') {
          if (count > 0 && this.outputs.has(itemOf(step, count - 1))) this.outputs.add(step);
          return;
        }
        return this.anyOf(step, count);
      case 'map':
        return this.anyOf(step, count);
      case 'run':
      case 'gate':
      // The outputs of an inner pack were requested and answered.
      case 'pack':
        return;
    }
  }

  /** The declared result of an item was requested and answered; otherwise it is the result of its last step. */
  private itemEnded(item: StepId): void {
    const { node } = nodeAt(this.index, item);
    if ((node.kind === 'map' || node.kind === 'loop') && node.outputs === null) this.lastOf(item, 0);
  }

  private anyOf(repeat: StepId, count: number): void {
    for (let index = 0; index < count; index++)
      if (this.outputs.has(itemOf(repeat, index))) return void this.outputs.add(repeat);
  }

  private lastOf(step: StepId, branch: number): void {
    const last = childrenOf(this.index, step, branch).at(-1);
    if (last !== undefined && this.outputs.has(last)) this.outputs.add(step);
  }

  /** The first reference whose value a simulation cannot know, as written; null if all are known. */
  among(step: StepId, reads: readonly Reference[]): string | null {
    for (const read of reads)
      if (this.isUnknown(step, read)) return [read.root, ...read.path.filter((part) => part !== null)].join('.');
    return null;
  }

  private isUnknown(step: StepId, { root, path }: Reference): boolean {
    if (root === 'run' || root === 'tenant' || root === 'secrets') return true;
    if (root === 'previous') {
      const item = previousItem(this.index, step);
      return item !== null && this.outputs.has(item);
    }
    const [name, member] = path;
    if (root === 'inputs') {
      const pack = packAround(this.index, step);
      const assumed = pack === null ? undefined : this.inputs.get(pack);
      return assumed !== undefined && (typeof name === 'string' ? assumed.has(name) : assumed.size > 0);
    }
    if (root !== 'steps') return this.isUnknownItem(step, root);
    const place = typeof name === 'string' ? visibleStep(this.index, step, name) : null;
    if (place === null) return false;
    return (
      (member === undefined || member === null || member === 'outputs' || member === 'artifacts') &&
      this.outputs.has(place)
    );
  }

  /** The innermost map that gives this name to its items, if those are assumed. */
  private isUnknownItem(step: StepId, name: string): boolean {
    for (let at: string = isItem(step) ? step : scopeOf(step); at !== '' && !isPack(this.index, at); at = scopeOf(at)) {
      if (!isItem(at as StepId)) continue;
      const repeat = repeatOf(at as StepId);
      const node = this.index.nodes.get(nodeOf(repeat))?.node;
      if ((node?.kind === 'map' || node?.kind === 'loop') && node.iterator === name) return this.items.has(repeat);
    }
    return false;
  }
}
