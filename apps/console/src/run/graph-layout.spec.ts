import { drawnNodes, layoutGraph, type DrawnNode, type PlanGraph } from './graph-layout';

const node = (id: string, kind: string, parent = ''): DrawnNode => ({
  id,
  name: id,
  label: null,
  kind,
  parent,
  branch: null,
  when: null,
  uses: null,
  effects: null,
  gated: null,
  approval: null,
  policy: null,
});

const graph: PlanGraph = {
  nodes: [
    node('scan', 'run'),
    node('both', 'parallel'),
    node('left', 'run', 'both'),
    node('right', 'run', 'both'),
    node('rollout', 'map'),
    node('rollout::deploy', 'run', 'rollout'),
    node('rollout::watch', 'group', 'rollout'),
    node('rollout::probe', 'run', 'rollout::watch'),
  ],
  edges: [
    { from: 'scan', to: 'both' },
    { from: 'both', to: 'rollout' },
    { from: 'rollout::deploy', to: 'rollout::watch' },
  ],
};

it('draws a map as one node, whatever it encloses', () => {
  expect(drawnNodes(graph).map(({ id }) => id)).toEqual(['scan', 'both', 'left', 'right', 'rollout']);
  expect(layoutGraph(graph).edges).toEqual(graph.edges.slice(0, 2));
});

it('places containers before their nodes, and their nodes inside of them', () => {
  const { nodes } = layoutGraph(graph);
  const at = (id: string) => nodes.findIndex(({ node: one }) => one.id === id);
  const both = nodes[at('both')];
  expect(at('both')).toBeLessThan(Math.min(at('left'), at('right')));
  for (const id of ['left', 'right']) {
    const { x = -1, y = -1, width = 0, height = 0 } = nodes[at(id)] ?? {};
    expect(x).toBeGreaterThan(0);
    expect(y).toBeGreaterThan(0);
    expect(x + width).toBeLessThan(both?.width ?? 0);
    expect(y + height).toBeLessThan(both?.height ?? 0);
  }
});

it('places what waits below what it waits for', () => {
  const { nodes } = layoutGraph(graph);
  const ys = ['scan', 'both', 'rollout'].map((id) => nodes.find(({ node: one }) => one.id === id)?.y ?? 0);
  expect(ys).toEqual([...ys].sort((one, other) => one - other));
});
