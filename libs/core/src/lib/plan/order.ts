import { findCycle, topological } from '../graph/graph';

/** One of several siblings as far as their order goes. */
export interface Sibling {
  readonly id: string;
  /** As stated; null: none stated. */
  readonly needs: readonly string[] | null;
}

/**
 * What each sibling of a list waits for (language.md §3): what it states; else, in order, everything before it, said by the last
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
  private closure: readonly Uint32Array[] | null = null;

  constructor(
    private readonly siblings: readonly Sibling[],
    together: boolean,
  ) {
    this.places = new Map(siblings.map(({ id }, place) => [id, place]));
    this.needs = needsOf(siblings, together);
    const graph = new Map(siblings.map(({ id }, place) => [id, this.needs[place] ?? []]));
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
    this.closure ??= this.close();
    return (((this.closure[later]?.[earlier >>> 5] ?? 0) >>> (earlier & 31)) & 1) === 1;
  }

  private close(): readonly Uint32Array[] {
    const words = (this.siblings.length + 31) >>> 5;
    const closure = this.siblings.map(() => new Uint32Array(words));
    for (const place of this.sequence) {
      const own = closure[place] as Uint32Array;
      for (const need of this.needs[place] ?? []) {
        const at = this.places.get(need);
        const theirs = at === undefined ? undefined : closure[at];
        if (at === undefined || theirs === undefined) continue;
        for (let word = 0; word < words; word++) own[word] = (own[word] ?? 0) | (theirs[word] ?? 0);
        own[at >>> 5] = (own[at >>> 5] ?? 0) | (1 << (at & 31));
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
