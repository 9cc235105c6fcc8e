// `node tools/bench/flame.mjs PROFILE.cpuprofile >GRAPH.svg`: a flame graph with the root at the top and the most expensive frames to the
// left. Idle time, the profiler's own frames and frames below a three-hundredth are left out.
import { readFileSync } from 'node:fs';

const WIDTH = 1_200;
const ROW = 16;
const LEAST = 1 / 300;
const LEFT_OUT = new Set(['(idle)', 'post', 'dispatch']);
/** Functions that only call others. Their callees replace them, so that the same work is one frame independent of its caller. */
const PASSES_ON = new Set([
  'processTicksAndRejections',
  'runMicrotasks',
  'runNextTicks',
  'callbackTrampoline',
  'processImmediate',
]);
const COLOURS = [
  [/^libs\/core/, 'core', '#e8a33d'],
  [/^libs\/infrastructure/, 'infrastructure', '#d9d04a'],
  [/^apps\//, 'services', '#e2725b'],
  [/^node_modules\//, 'dependencies', '#7fb2d9'],
  [/^node:/, 'Node', '#9bc995'],
  [/^$/, 'native, collector of garbage', '#b8b8b8'],
];

/** Position of a function, relative to the product's folder. */
function placeOf({ url, lineNumber }) {
  if (url === '' || url.startsWith('node:')) return { file: url, line: null };
  const file = /((?:apps|libs)\/(?!.*node_modules).*|node_modules\/.*)$/.exec(url)?.[1] ?? '';
  return { file: file.replace('/dist/', '/'), line: lineNumber + 1 };
}

/** Stacks with the same text are one frame. */
function treeOf({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const self = new Map();
  samples.forEach((id, i) => self.set(id, (self.get(id) ?? 0) + timeDeltas[i]));
  const grow = (into, node) => {
    const name = node.callFrame.functionName || '(anonymous)';
    if (LEFT_OUT.has(name)) return 0;
    if (PASSES_ON.has(name)) return grown(into, node);
    const { file, line } = placeOf(node.callFrame);
    const key = `${name} ${file}:${line}`;
    const frame = into.get(key) ?? { name, file, line, time: 0, below: new Map() };
    into.set(key, frame);
    const time = grown(frame.below, node);
    frame.time += time;
    return time;
  };
  const grown = (below, { id, children = [] }) =>
    children.reduce((time, child) => time + grow(below, byId.get(child)), self.get(id) ?? 0);
  const roots = new Map();
  grow(roots, nodes[0]);
  return [...roots.values()][0];
}

const escaped = (text) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

function drawn(root) {
  const parts = [];
  let deepest = 0;
  const draw = (frame, x, depth) => {
    const share = frame.time / root.time;
    if (share < LEAST) return;
    deepest = Math.max(deepest, depth);
    const [, , colour] = COLOURS.find(([pattern]) => pattern.test(frame.file)) ?? COLOURS.at(-1);
    const width = share * WIDTH;
    const y = depth * ROW;
    const where = frame.file === '' ? '' : ` ${frame.file}${frame.line === null ? '' : `:${frame.line}`}`;
    const title = escaped(`${frame.name}${where}: ${(share * 100).toFixed(1)} %`);
    const room = Math.floor(width / 6.5);
    const label =
      room < 4 ? '' : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(frame.name.slice(0, room))}</text>`;
    parts.push(
      `<g><title>${title}</title><rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colour}"/>${label}</g>`,
    );
    let left = x;
    for (const child of [...frame.below.values()].sort((one, other) => other.time - one.time)) {
      draw(child, left, depth + 1);
      left += (child.time / root.time) * WIDTH;
    }
  };
  draw(root, 0, 0);
  const bottom = (deepest + 2) * ROW;
  COLOURS.forEach(([, name, colour], i) =>
    parts.push(
      `<rect x="${i * 190}" y="${bottom}" width="12" height="12" fill="${colour}"/><text x="${i * 190 + 16}" y="${bottom + 10}">${name}</text>`,
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 20}" font-family="monospace" font-size="11">\n${parts.join('\n')}\n</svg>\n`;
}

process.stdout.write(drawn(treeOf(JSON.parse(readFileSync(process.argv[2], 'utf8')))));
