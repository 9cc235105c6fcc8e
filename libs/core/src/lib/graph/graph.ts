/** A graph of names: each name is mapped to the names it waits for. Every mentioned name is a key. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** A cycle as a path (`a, b, a`), or null. Names are tried in the order of the map. */
export function findCycle(graph: Graph): readonly string[] | null {
  const done = new Set<string>();
  for (const root of graph.keys()) {
    if (done.has(root)) continue;
    const path: string[] = [];
    const onPath = new Set<string>();
    const stack: { name: string; next: number }[] = [{ name: root, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1) as { name: string; next: number };
      if (top.next === 0) {
        path.push(top.name);
        onPath.add(top.name);
      }
      const target = graph.get(top.name)?.[top.next++];
      if (target === undefined) {
        done.add(top.name);
        onPath.delete(top.name);
        path.pop();
        stack.pop();
      } else if (onPath.has(target)) return [...path.slice(path.indexOf(target)), target];
      else if (!done.has(target)) stack.push({ name: target, next: 0 });
    }
  }
  return null;
}

/** The reversed graph: for each name, the names that wait for it, in the order of the map. */
export function dependents(graph: Graph): Graph {
  const turned = new Map<string, string[]>([...graph.keys()].map((name) => [name, []]));
  for (const [name, needs] of graph) for (const need of needs) turned.get(need)?.push(name);
  return turned;
}

/** A topological order. Ties are in the order of the map. The graph must have no cycle. */
export function topological(graph: Graph): readonly string[] {
  const waitsFor = new Map([...graph].map(([name, needs]) => [name, needs.length]));
  const after = dependents(graph);
  const order = [...graph.keys()].filter((name) => waitsFor.get(name) === 0);
  for (let i = 0; i < order.length; i++) {
    for (const next of after.get(order[i] as string) ?? []) {
      const left = (waitsFor.get(next) ?? 0) - 1;
      waitsFor.set(next, left);
      if (left === 0) order.push(next);
    }
  }
  return order;
}

/** Everything that a name waits for, directly or indirectly. */
export function ancestors(graph: Graph, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const stack = [...(graph.get(name) ?? [])];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    stack.push(...(graph.get(next) ?? []));
  }
  return found;
}

/** The longest chain of names by weight (default 1), first to last. The graph must have no cycle. */
export function criticalPath(graph: Graph, weight: (name: string) => number = () => 1): readonly string[] {
  const best = new Map<string, { length: number; from: string | null }>();
  let end: string | null = null;
  for (const name of topological(graph)) {
    let length = 0;
    let from: string | null = null;
    for (const need of graph.get(name) ?? []) {
      const other = best.get(need)?.length ?? 0;
      if (from === null || other > length) [length, from] = [other, need];
    }
    best.set(name, { length: length + weight(name), from });
    if (end === null || length + weight(name) > (best.get(end)?.length ?? 0)) end = name;
  }
  const path: string[] = [];
  for (let at = end; at !== null; at = best.get(at)?.from ?? null) path.push(at);
  return path.reverse();
}

/** Maximum number of names that can be active at once, counted by levels. The graph must have no cycle. */
export function widest(graph: Graph): number {
  const level = new Map<string, number>();
  const width = new Map<number, number>();
  for (const name of topological(graph)) {
    const at = Math.max(-1, ...(graph.get(name) ?? []).map((need) => level.get(need) ?? 0)) + 1;
    level.set(name, at);
    width.set(at, (width.get(at) ?? 0) + 1);
  }
  return Math.max(0, ...width.values());
}
