import { findCycle, topological } from '../graph/graph';

/** The ordering of one of several siblings. */
export interface Sibling {
  readonly id: string;
  /** Stated needs; null: none stated. */
  readonly needs: readonly string[] | null;
}

/** Number of needs that are followed before the full transitive closure is computed. */
const FEW = 8;

/**
 * The predecessors of each sibling of a list (docs/guides/writing-packs.md, Order): the stated needs; otherwise, in sequence, everything before it, represented
 * by the last step; none for children of `parallel`.
 */
export class Order {
  /** By position; sorted. */
  readonly needs: readonly (readonly string[])[];
  /** A cycle of needs as a path, or null. */
  readonly cycle: readonly string[] | null;
  /** Positions in topological order; in list order if there is a cycle. */
  readonly sequence: readonly number[];
  private readonly places: ReadonlyMap<string, number>;
  /** For each position a bit set of its predecessors. */
  private closure: Uint32Array | null = null;
  private readonly words: number;

  constructor(
    private readonly siblings: readonly Sibling[],
    together: boolean,
  ) {
    this.words = (siblings.length + 31) >>> 5;
    this.places = new Map(siblings.map(({ id }, place) => [id, place]));
    this.needs = needsOf(siblings, together);
    // A needed step may not exist. That is a separate fault of the pack, and no reason to skip the step.
    const known = (needs: readonly string[]): readonly string[] => needs.filter((need) => this.places.has(need));
    const graph = new Map(siblings.map(({ id }, place) => [id, known(this.needs[place] ?? [])]));
    const inOrder = siblings.every((_, place) =>
      this.needs[place]?.every((need) => (this.places.get(need) ?? 0) < place),
    );
    this.cycle = inOrder ? null : findCycle(graph);
    this.sequence =
      inOrder || this.cycle !== null
        ? siblings.map((_, place) => place)
        : topological(graph).map((id) => this.places.get(id) ?? 0);
  }

  /** True if the sibling at `later` begins only after the one at `earlier` has ended. */
  waitsFor(later: number, earlier: number): boolean {
    if (later === earlier || this.cycle !== null) return false;
    const [own, id] = [this.needs[later], this.siblings[earlier]?.id];
    if (id !== undefined && own !== undefined && own.length <= FEW && own.includes(id)) return true;
    this.closure ??= this.close();
    return (((this.closure[later * this.words + (earlier >>> 5)] ?? 0) >>> (earlier & 31)) & 1) === 1;
  }

  private close(): Uint32Array {
    const { words } = this;
    const closure = new Uint32Array(this.siblings.length * words);
    for (const place of this.sequence) {
      const own = place * words;
      for (const need of this.needs[place] ?? []) {
        const at = this.places.get(need);
        if (at === undefined) continue;
        for (let word = 0, theirs = at * words; word < words; word++)
          closure[own + word] = (closure[own + word] ?? 0) | (closure[theirs + word] ?? 0);
        closure[own + (at >>> 5)] = (closure[own + (at >>> 5)] ?? 0) | (1 << (at & 31));
      }
    }
    return closure;
  }
}

function needsOf(siblings: readonly Sibling[], together: boolean): readonly (readonly string[])[] {
  /** Earlier siblings for which no other earlier sibling waits. */
  const frontier = new Set<string>();
  const waited = new Set<string>();
  return siblings.map(({ id, needs }) => {
    const own = needs !== null ? [...new Set(needs)].sort() : together ? [] : [...frontier].sort();
    for (const need of own) {
      waited.add(need);
      frontier.delete(need);
    }
    if (!waited.has(id)) frontier.add(id);
    return own;
  });
}

/** Longest weighted chain that ends in each sibling, by id. The graph must have no cycle. */
export function levelsOf(needs: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const level = new Map<string, number>();
  for (const id of topological(needs)) {
    let at = 0;
    for (const need of needs.get(id) ?? []) at = Math.max(at, (level.get(need) ?? 0) + 1);
    level.set(id, at);
  }
  return level;
}
