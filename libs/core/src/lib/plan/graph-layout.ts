import { levelsOf } from './order';
import { branchTitle } from './graph-mermaid';
import { captionOf, type GraphNode, type PlanGraph } from './plan-graph';

/** A rectangle of a drawing; pixels from the upper left corner. */
export interface GraphBox {
  /** Null: a frame around one branch. */
  readonly node: GraphNode | null;
  readonly title: string;
  readonly detail: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Number of enclosing boxes. */
  readonly depth: number;
}

/** A drawing of a graph: boxes in plan order, outer before inner. */
interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly GraphBox[];
}

const CHARACTER = 7.5;
const LINE = 44;
const HEADER = 44;
const PADDING = 16;
const GAP = { across: 24, down: 32 } as const;
/** Characters of a line; longer ones are cut. */
export const LONGEST_LINE = 40;

interface Sized {
  readonly width: number;
  readonly height: number;
  readonly place: (x: number, y: number, depth: number) => readonly GraphBox[];
}

/**
 * Lays a graph out: siblings in rows by the number of predecessors, containers around their children. Deterministic; boxes never overlap.
 */
export function layoutGraph({ nodes }: PlanGraph): GraphLayout {
  const children = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else siblings.push(node);
  }

  const sizeOf = (node: GraphNode): Sized => {
    const { title, detail } = captionOf(node);
    const inside = children.get(node.id) ?? [];
    if (node.kind === 'run' || node.kind === 'gate' || inside.length === 0) return leaf(node, title, detail);
    const branches = [...new Set(inside.map(({ branch }) => branch))];
    const parts = branches.map((branch) => {
      const list = listOf(inside.filter((child) => child.branch === branch));
      return branch === null ? list : framed(null, branchTitle(branch), '', list);
    });
    return framed(node, title, detail, row(parts));
  };
  const listOf = (siblings: readonly GraphNode[]): Sized => {
    const levels = levelsOf(new Map(siblings.map(({ name, needs }) => [name, needs])));
    const rows: GraphNode[][] = [];
    for (const node of siblings) (rows[levels.get(node.name) ?? 0] ??= []).push(node);
    return column(rows.map((level) => row(level.map(sizeOf))));
  };

  const root = listOf(children.get('') ?? []);
  return {
    width: root.width + 2 * PADDING,
    height: root.height + 2 * PADDING,
    boxes: root.place(PADDING, PADDING, 0),
  };
}

function leaf(node: GraphNode, title: string, detail: string): Sized {
  const size = { width: widthOf(title, detail), height: LINE };
  return { ...size, place: (x, y, depth) => [{ node, title, detail, x, y, ...size, depth }] };
}

function framed(node: GraphNode | null, title: string, detail: string, inner: Sized): Sized {
  const width = Math.max(widthOf(title, detail), inner.width + 2 * PADDING);
  const height = HEADER + inner.height + PADDING;
  return {
    width,
    height,
    place: (x, y, depth) => [
      { node, title, detail, x, y, width, height, depth },
      ...inner.place(x + (width - inner.width) / 2, y + HEADER, depth + 1),
    ],
  };
}

function row(parts: readonly Sized[]): Sized {
  const width = parts.reduce((sum, part) => sum + part.width, 0) + GAP.across * Math.max(0, parts.length - 1);
  return {
    width,
    height: Math.max(0, ...parts.map(({ height }) => height)),
    place: (x, y, depth) => {
      let at = x;
      return parts.flatMap((part) => {
        const boxes = part.place(at, y, depth);
        at += part.width + GAP.across;
        return boxes;
      });
    },
  };
}

function column(parts: readonly Sized[]): Sized {
  const width = Math.max(0, ...parts.map((part) => part.width));
  return {
    width,
    height: parts.reduce((sum, part) => sum + part.height, 0) + GAP.down * Math.max(0, parts.length - 1),
    place: (x, y, depth) => {
      let at = y;
      return parts.flatMap((part) => {
        const boxes = part.place(x + (width - part.width) / 2, at, depth);
        at += part.height + GAP.down;
        return boxes;
      });
    },
  };
}

function widthOf(...texts: readonly string[]): number {
  const longest = Math.max(...texts.map((text) => Math.min([...text].length, LONGEST_LINE)));
  return Math.ceil(longest * CHARACTER) + 2 * PADDING;
}
