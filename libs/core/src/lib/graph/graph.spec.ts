import fc from 'fast-check';
import { ancestors, criticalPath, dependents, findCycle, topological, widest, type Graph } from './graph';
import { lawRuns } from '../../testing/runs-of-laws';

const graph = (needs: Record<string, readonly string[]>): Graph => new Map(Object.entries(needs));
/** Any graph without a cycle: a name waits only for earlier ones. */
const acyclic = fc
  .integer({ min: 1, max: 20 })
  .chain((size) =>
    fc
      .tuple(...Array.from({ length: size }, (_, i) => fc.subarray(Array.from({ length: i }, (__, j) => `n${j}`))))
      .map((needs) => new Map(needs.map((list, i) => [`n${i}`, list] as const)) as Graph),
  );

describe('findCycle', () => {
  it.each([
    [{ a: [] }, null],
    [{ a: ['b'], b: [] }, null],
    [{ a: ['a'] }, ['a', 'a']],
    [{ a: ['b'], b: ['c'], c: ['a'] }, ['a', 'b', 'c', 'a']],
    [{ x: ['a'], a: ['b'], b: ['a'] }, ['a', 'b', 'a']],
    [{ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, null],
  ])('of %j is %j', (needs, cycle) => expect(findCycle(graph(needs))).toEqual(cycle));

  it('finds none in a graph that has none, however deep', () => {
    fc.assert(
      fc.property(acyclic, (g) => expect(findCycle(g)).toBeNull()),
      lawRuns(),
    );
    const chain = new Map(Array.from({ length: 50_000 }, (_, i) => [`n${i}`, i === 0 ? [] : [`n${i - 1}`]] as const));
    expect(findCycle(chain)).toBeNull();
  });
});

describe('an order', () => {
  it('puts each name after all it waits for, and names all', () => {
    fc.assert(
      fc.property(acyclic, (g) => {
        const order = topological(g);
        expect([...order].sort()).toEqual([...g.keys()].sort());
        for (const [name, needs] of g)
          for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(name));
      }),
      lawRuns(),
    );
  });

  it('turns round twice to itself', () => {
    fc.assert(
      fc.property(acyclic, (g) => {
        const twice = dependents(dependents(g));
        for (const [name, needs] of g) expect([...(twice.get(name) ?? [])].sort()).toEqual([...needs].sort());
      }),
      lawRuns(),
    );
  });
});

describe('shape', () => {
  const diamond = graph({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'], e: ['d'] });

  it('knows ancestors, the longest way and the widest level', () => {
    expect([...ancestors(diamond, 'd')].sort()).toEqual(['a', 'b', 'c']);
    expect(criticalPath(diamond)).toEqual(['a', 'b', 'd', 'e']);
    expect(criticalPath(diamond, (name) => (name === 'c' ? 9 : 1))).toEqual(['a', 'c', 'd', 'e']);
    expect(widest(diamond)).toBe(2);
    expect([criticalPath(graph({})), widest(graph({}))]).toEqual([[], 0]);
  });
});
