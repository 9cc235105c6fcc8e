import { layoutGraph, LONGEST_LINE, type GraphBox } from './graph-layout';
import type { PlanGraph } from './plan-graph';

const STYLE = `text{font:13px ui-monospace,monospace;fill:#1f2328}.d{font-size:11px;fill:#59636e}rect{fill:#f6f8fa;stroke:#59636e}.c{fill:none;stroke-dasharray:4 3}.g{fill:#fff8c5;stroke:#9a6700;stroke-width:2}.u{stroke:#cf222e;stroke-width:2}path{fill:none;stroke:#59636e}marker path{fill:#59636e}@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.d{fill:#9198a1}rect{fill:#151b23;stroke:#9198a1}.c{fill:none}.g{fill:#3a2f05;stroke:#d29922}.u{stroke:#f85149}path{stroke:#9198a1}marker path{fill:#9198a1}}`;

/**
 * A graph as an SVG picture of its own: no script, no reference to anything outside, readable in dark and light. Same graph, same
 * bytes. Names of packs are untrusted: all text is escaped, what XML 1.0 (§2.2) does not allow is replaced.
 */
export function svgOf(graph: PlanGraph, title: string): string {
  const { width, height, boxes } = layoutGraph(graph);
  const byId = new Map(boxes.flatMap((box) => (box.node === null ? [] : [[box.node.id, box] as const])));
  const arrows = graph.edges.flatMap(({ from, to }) => {
    const [a, b] = [byId.get(from), byId.get(to)];
    return a === undefined || b === undefined ? [] : [arrow(a, b)];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t">`,
    `<title id="t">${escape(title)}</title>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>',
    ...boxes.map(rectangle),
    ...arrows,
    '</svg>',
    '',
  ].join('\n');
}

function rectangle({ node, title, detail, x, y, width, height }: GraphBox): string {
  const container = node === null || (node.kind !== 'run' && node.kind !== 'gate');
  const kind = container ? 'c' : node.kind === 'gate' ? 'g' : node.gated === false ? 'u' : 's';
  const text = (shown: string, down: number, of: string): string =>
    shown === '' ? '' : `<text${of} x="${x + 16}" y="${y + down}">${escape(cut(shown))}</text>`;
  const hover =
    node === null ? '' : `<title>${escape(`${node.id}${node.when === null ? '' : ` when ${node.when}`}`)}</title>`;
  return `<g>${hover}<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>${text(title, 18, '')}${text(detail, 34, ' class="d"')}</g>`;
}

function arrow(from: GraphBox, to: GraphBox): string {
  const [x1, y1] = [from.x + from.width / 2, from.y + from.height];
  const [x2, y2] = [to.x + to.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  return `<path d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}" marker-end="url(#a)"/>`;
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= LONGEST_LINE ? text : `${characters.slice(0, LONGEST_LINE - 1).join('')}…`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text
    .replace(/[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
