import { findCycle, topological } from '../graph/graph';

/** One of several siblings as far as their order goes. */
export interface Sibling {
  readonly id: string;
  /** As stated; null: none stated. */
  readonly needs: readonly string[] | null;
}

/** So many needs are looked through before all that they wait for is worked out. */
const FEW = 8;

/**
 * What each sibling of a list waits for (docs/guides/writing-packs.md, Order): what it states; else, in order, everything before it, said by the last
 * of those; children of `parallel` wait for none.
 */
export class Order {
  /** By place; sorted. */
  readonly needs: readonly (readonly string[])[];
  /** A circle of needs as the path that shows it, or null. */
  readonly cycle: readonly string[] | null;
  /** Places so that each comes after all it waits for; in list order if there is a circle. */
  readonly sequence: readonly number[];
  private readonly places: ReadonlyMap<string, number>;
  /** Of each place in turn a bit for each place that it waits for. */
  private closure: Uint32Array | null = null;
  private readonly words: number;

  constructor(
    private readonly siblings: readonly Sibling[],
    together: boolean,
  ) {
    this.words = (siblings.length + 31) >>> 5;
    this.places = new Map(siblings.map(({ id }, place) => [id, place]));
    this.needs = needsOf(siblings, together);
    // What a step waits for may not be there: that is a fault of the pack, and no reason to pass over the step.
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

  /** True if the sibling at `later` begins only when the one at `earlier` is over. */
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
  /** Earlier siblings that no earlier sibling waits for. */
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

/** Longest chain of weights that ends in each sibling, by id; the graph has no circle. */
export function levelsOf(needs: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const level = new Map<string, number>();
  for (const id of topological(needs)) {
    let at = 0;
    for (const need of needs.get(id) ?? []) at = Math.max(at, (level.get(need) ?? 0) + 1);
    level.set(id, at);
  }
  return level;
}
