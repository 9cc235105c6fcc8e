import fc from 'fast-check';
import { packText, planned } from '../../testing/planning';
import { layoutGraph, type GraphBox } from './graph-layout';
import { mermaidOf } from './graph-mermaid';
import { svgOf } from './graph-svg';
import { graphOf, type GraphNode, type PlanGraph } from './plan-graph';
import { searchedCases } from '../../testing/runs-of-laws';

/** Random graphs. */
const RUNS = searchedCases(20, 500);

const { plan, planHash } = planned(
  packText(
    `
- { id: scan, run: { uses: "builtin:command", with: { command: [scan] } } }
- { id: agree, gate: { approval: owners, message: "go" } }
- id: rollout
  map: { items: "{{ inputs.regions }}", steps: [ { id: deploy, name: 'Deploy "<b>" now', effects: once, run: { uses: "builtin:command", with: { command: [deploy] } } } ] }
- id: choice
  conditional:
    branches: [ { when: "{{ inputs.big }}", steps: [ { id: left, run: { uses: "builtin:noop" } } ] } ]
    else: [ { id: right, run: { uses: "builtin:noop" } } ]
- { id: both, needs: [scan], parallel: { steps: [ { id: p, run: { uses: "builtin:noop" } }, { id: q, run: { uses: "builtin:noop" } } ] } }`,
    'inputs: [ { name: regions, type: array, default: [a] }, { name: big, type: boolean, default: false } ]\napprovals: [ { id: owners } ]',
  ),
);
const graph = graphOf(plan, planHash);

const named = (name: string): PlanGraph => ({
  planHash: '',
  edges: [],
  nodes: [{ ...(graph.nodes[0] as GraphNode), label: name, needs: [] }],
});
const HOSTILE = [
  '"]; click n0 href "javascript:alert(1)"',
  '<script>alert(1)</script>',
  ']]>\u0000\u0008&amp;',
  '%%{init}%%\nend',
  '#quot;',
  "' onload='x",
];

describe('a plan as a graph', () => {
  it('knows containers, branches, arrows and gates', () => {
    expect(graph.nodes.map(({ id, parent, branch, kind, gated }) => [id, parent, branch, kind, gated])).toEqual([
      ['scan', '', null, 'run', false],
      ['agree', '', null, 'gate', null],
      ['rollout', '', null, 'map', null],
      ['rollout::deploy', 'rollout', null, 'run', true],
      ['choice', '', null, 'conditional', null],
      ['left', 'choice', 0, 'run', null],
      ['right', 'choice', 'else', 'run', null],
      ['both', '', null, 'parallel', null],
      ['p', 'both', null, 'run', null],
      ['q', 'both', null, 'run', null],
    ]);
    expect(graph.edges.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'scan agree',
      'agree rollout',
      'rollout choice',
      'scan both',
    ]);
  });

  it('is Mermaid', () => {
    expect(mermaidOf(graph)).toBe(`flowchart TD
  n0["scan<br/>builtin:command, idempotent, ungated"]
  n1{{"agree<br/>approval owners"}}
  subgraph n2["rollout<br/>map: for each item"]
    n3["Deploy #34;#60;b#62;#34; now<br/>builtin:command, once"]
  end
  subgraph n4["choice<br/>conditional"]
    subgraph n4b0["branch 0"]
      n5["left<br/>builtin:noop"]
    end
    subgraph n4belse["else"]
      n6["right<br/>builtin:noop"]
    end
  end
  subgraph n7["both<br/>parallel"]
    n8["p<br/>builtin:noop"]
    n9["q<br/>builtin:noop"]
  end
  n0 --> n1
  n1 --> n2
  n2 --> n4
  n0 --> n7
`);
  });

  it('is SVG of its own: a title, dark and light, no script, no reference outside', () => {
    const svg = svgOf(graph, 'test 1.0.0');
    expect(svg).toBe(svgOf(graphOf(plan, planHash), 'test 1.0.0'));
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*role="img" aria-labelledby="t">\n<title id="t">test 1\.0\.0<\/title>/,
    );
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).toContain('Deploy &quot;&lt;b&gt;&quot; now');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script|href|url\((?!#a)/);
    expect(svg.match(/<rect /g)).toHaveLength(12);
    expect(svg.match(/marker-end/g)).toHaveLength(4);
  });

  it.each(HOSTILE)('cannot be broken out of by the name %j', (name) => {
    const lines = mermaidOf(named(name)).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^ {2}n0\["[A-Za-z0-9 ._:,/@#;-]*<br\/>[A-Za-z0-9 ._:,/@#;-]*"\]$/);
    const texts = svgOf(named(name), name).match(/<(?:text|title)[^>]*>[^<]*<\//g) ?? [];
    expect(texts.length).toBe(4);
    const svg = svgOf(named(name), name);
    expect(svg).not.toMatch(/<script|\u0000|\u0008/);
    expect(svg.match(/<(?!\/)/g)?.length).toBe(svgOf(named('a'), 'a').match(/<(?!\/)/g)?.length);
  });
});

/** True if two boxes share area although neither holds the other. */
function collide(a: GraphBox, b: GraphBox): boolean {
  const separate = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  const holds = (out: GraphBox, ins: GraphBox) =>
    out.depth < ins.depth &&
    out.x <= ins.x &&
    out.y <= ins.y &&
    out.x + out.width >= ins.x + ins.width &&
    out.y + out.height >= ins.y + ins.height;
  return !separate && !holds(a, b) && !holds(b, a);
}

describe('the layout of a graph', () => {
  it(`has no boxes that overlap, and all are in the picture (${RUNS.numRuns} random graphs)`, () => {
    const spec = fc.array(
      fc.record({
        up: fc.nat(),
        need: fc.option(fc.nat()),
        container: fc.boolean(),
        text: fc.string({ maxLength: 60 }),
        branch: fc.constantFrom(0, 1, 'else' as const),
      }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(spec, (supplied) => {
        const nodes: GraphNode[] = [];
        for (const [place, { up, need, container, text, branch }] of supplied.entries()) {
          const containers = nodes.filter(({ kind }) => kind !== 'run');
          const parent = containers.length === 0 ? undefined : containers[up % (containers.length + 1)];
          const siblings = nodes.filter((one) => one.parent === (parent?.id ?? ''));
          const own = parent?.kind === 'conditional' ? branch : null;
          const same = siblings.filter((one) => one.branch === own);
          const waits = need === null || same.length === 0 ? undefined : same[need % same.length];
          nodes.push({
            ...(graph.nodes[0] as GraphNode),
            id: `n${place}` as GraphNode['id'],
            name: `n${place}`,
            label: text,
            kind: !container ? 'run' : place % 2 ? 'group' : 'conditional',
            parent: parent?.id ?? ('' as GraphNode['id']),
            branch: own,
            needs: waits ? [waits.name] : [],
          });
        }
        const { boxes, width, height } = layoutGraph({ planHash: '', nodes, edges: [] });
        expect(boxes.filter(({ node }) => node !== null)).toHaveLength(nodes.length);
        for (const [at, box] of boxes.entries()) {
          expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height).toBe(true);
          for (const other of boxes.slice(at + 1)) expect(collide(box, other)).toBe(false);
        }
      }),
      RUNS,
    );
  });
});
