import '@xyflow/react/dist/base.css';
import {
  Background,
  Controls,
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  type Edge,
  type Node,
  type NodeProps,
  type ReactFlowInstance,
} from '@xyflow/react';
import { useQuery } from '@tanstack/react-query';
import { memo, useCallback, useMemo, useRef } from 'react';
import { bodyOf, type Run, type Step, type StepCounts } from '@taskrunner/client';
import { Mark, wordOf, type Shown } from '../frame/mark';
import { Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { StateStrip } from '../runs/progress';
import { shownText } from '../shown/shown-text';
import { drawnNodes, type DrawnNode, type PlacedGraph, type PlanGraph } from './graph-layout';
import { isOver, nodeOf } from './run-view';
import type { GraphStep } from './steps-of-graph';

interface StepData extends Record<string, unknown> {
  readonly node: DrawnNode;
  readonly step: Step | null;
  /** Of a map or loop: the statuses of its items. */
  readonly items: StepCounts['steps'] | null;
  readonly status: Shown;
  readonly isOpen: boolean;
}
type StepNode = Node<StepData, 'step'>;

interface GraphFacts {
  readonly run: Run;
  /** Null: not known yet. */
  readonly steps: ReadonlyMap<string, GraphStep> | null;
  readonly selected: string | null;
  readonly select: (step: string) => void;
}

/** The graph of the plan, which exists before anything starts. The run only changes how its nodes look. */
export function GraphPanel({ run, steps, selected, select }: GraphFacts) {
  const { settings } = useServices();
  const graph = useGraph(run);
  const fit = useFit();
  const count = graph.data === undefined ? 0 : drawnNodes(graph.data).length;
  const isDrawn = count > 0 && count <= settings.graphNodes;
  const placed = useQuery({
    queryKey: ['layout', run.planHash],
    queryFn: () => layoutInWorker(graph.data as PlanGraph),
    enabled: graph.data !== undefined && isDrawn,
    staleTime: Infinity,
  });
  const edges = useMemo(() => (placed.data === undefined ? [] : flowEdges(placed.data)), [placed.data]);
  if (graph.isError) return <Failed error={graph.error} retry={() => void graph.refetch()} />;
  if (placed.isError) return <Failed error={placed.error} />;
  if (graph.data !== undefined && !isDrawn)
    return (
      <Notice kind="empty" title={count === 0 ? 'The plan has no steps' : `The plan has ${count} nodes`}>
        {count === 0 ? null : (
          <p>That is more than the {settings.graphNodes} that are drawn. See the table of steps.</p>
        )}
      </Notice>
    );
  if (placed.data === undefined || steps === null) return <Notice kind="loading" title="Drawing the plan …" />;
  return (
    <div className="graph" role="group" aria-label="Graph of the plan" ref={fit.frame}>
      <ReactFlow
        nodes={flowNodes(placed.data, steps, isOver(run.status), drawnAround(selected, placed.data))}
        edges={edges}
        nodeTypes={NODE_TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        minZoom={0.1}
        maxZoom={1.5}
        fitView
        fitViewOptions={FIT}
        onInit={fit.begin}
        onMoveStart={fit.moved}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_event, { id }) => select(id)}
      >
        <Background gap={24} size={1} color="var(--line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

const FIT = { maxZoom: 1, padding: 0.1 };

/** Fits the graph into its frame again when the frame changes, until the reader has moved it. */
function useFit() {
  const flow = useRef<ReactFlowInstance<StepNode> | null>(null);
  const isMoved = useRef(false);
  const watching = useRef<ResizeObserver | null>(null);
  // Later: the drawing measures the frame in an observer of its own, which may be called after this one.
  const fitSoon = useCallback(() => {
    setTimeout(() => {
      if (!isMoved.current) void flow.current?.fitView(FIT);
    });
  }, []);
  const frame = useCallback(
    (element: HTMLElement | null) => {
      watching.current?.disconnect();
      if (element === null) return;
      watching.current = new ResizeObserver(fitSoon);
      watching.current.observe(element);
    },
    [fitSoon],
  );
  // The frame may have changed before there was something to fit.
  const begin = useCallback(
    (instance: ReactFlowInstance<StepNode>) => {
      flow.current = instance;
      fitSoon();
    },
    [fitSoon],
  );
  // What the page does itself has no event.
  const moved = useCallback((event: MouseEvent | TouchEvent | null) => {
    if (event !== null) isMoved.current = true;
  }, []);
  return { frame, begin, moved };
}

/** The graph of a run's plan. It never changes, so it is read once for each plan. */
export function useGraph(run: Pick<Run, 'runId' | 'planHash'>) {
  const { client } = useServices();
  return useQuery({
    queryKey: ['graph', run.planHash],
    queryFn: ({ signal }) =>
      bodyOf(client.api.GET('/api/runs/{runId}/graph', { params: { path: { runId: run.runId } }, signal })),
    staleTime: Infinity,
  });
}

function layoutInWorker(graph: PlanGraph): Promise<PlacedGraph> {
  const worker = new Worker(new URL('./graph-layout.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<PlacedGraph>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<PlacedGraph>) => resolve(data));
    worker.addEventListener('error', ({ message }) => reject(new Error(message || 'the graph cannot be laid out')));
    worker.postMessage(graph);
  }).finally(() => worker.terminate());
}

/** The node that a step is drawn as, or in: a step of a map item is in the node of the map. */
function drawnAround(step: string | null, { nodes }: PlacedGraph): string | null {
  if (step === null) return null;
  const drawn = new Set(nodes.map(({ node }) => node.id));
  let node = nodeOf(step);
  while (!drawn.has(node) && node.includes('::')) node = node.slice(0, node.lastIndexOf('::'));
  return node;
}

function flowNodes(
  { nodes }: PlacedGraph,
  steps: ReadonlyMap<string, GraphStep>,
  isEnded: boolean,
  selected: string | null,
): StepNode[] {
  return nodes.map(({ node, x, y, width, height, isOpen }) => {
    const { step = null, items = null } = steps.get(node.id) ?? {};
    const status = step?.status ?? (isEnded ? 'not_reached' : 'pending');
    return {
      id: node.id,
      type: 'step',
      position: { x, y },
      width,
      height,
      ...(node.parent === '' ? {} : { parentId: node.parent }),
      data: { node, step, items, status, isOpen },
      selected: node.id === selected,
      ariaLabel: shownText(`${node.label ?? node.name}, ${node.kind}, ${wordOf(status)}`),
    };
  });
}

const ARROW = { type: MarkerType.ArrowClosed, width: 14, height: 14, color: 'var(--edge)' };

function flowEdges({ edges }: PlacedGraph): Edge[] {
  return edges.map(({ from, to }) => ({ id: `${from} ${to}`, source: from, target: to, markerEnd: ARROW }));
}

/** What is shown of a node; a node of which nothing has changed is not drawn again, however often the run changes. */
const StepBox = memo(
  ({ data }: NodeProps<StepNode>) => <StepLook {...data} />,
  (before, after) => {
    const [one, other] = [before.data, after.data];
    return (
      one.node === other.node &&
      one.step === other.step &&
      one.items === other.items &&
      one.status === other.status &&
      one.isOpen === other.isOpen
    );
  },
);

function StepLook({ node, step, items, status, isOpen }: StepData) {
  return (
    <div className="node" data-open={isOpen} data-status={status}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <div className="node-line">
        <Mark status={status} bare />
        <span className="node-title" title={node.label ?? node.name}>
          {node.label ?? node.name}
        </span>
      </div>
      {isOpen ? null : <div className="node-line node-detail">{detailOf(node, step, items)}</div>}
      {items === null || isOpen ? null : <StateStrip steps={items} />}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}
const NODE_TYPES = { step: StepBox };

function detailOf(node: DrawnNode, step: Step | null, counts: StepData['items']): string {
  if (node.kind === 'map' || node.kind === 'loop') {
    const items = step?.children ?? counts?.total ?? null;
    if (items === null) return `${node.kind} of items`;
    const failed = (counts?.failed ?? 0) + (counts?.needs_attention ?? 0);
    const ended = (counts?.succeeded ?? 0) + (counts?.failed ?? 0) + (counts?.skipped ?? 0) + (counts?.cancelled ?? 0);
    const of = `${ended.toLocaleString('en')} of ${items.toLocaleString('en')}`;
    return failed === 0 ? `${node.kind}, ${of}` : `${node.kind}, ${of}, ${failed.toLocaleString('en')} failed`;
  }
  if (node.kind === 'gate')
    return node.policy !== null
      ? `gate, policy ${node.policy}`
      : node.approval === null
        ? 'gate'
        : `gate, approval ${node.approval}`;
  return (node.uses ?? node.kind).replace(/^builtin:/, '');
}
