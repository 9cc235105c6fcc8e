import '@xyflow/react/dist/base.css';
import {
  Background,
  Controls,
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  type Node,
  type NodeProps,
} from '@xyflow/react';
import { memo } from 'react';
import type { DrawnNode, PlacedGraph } from '../run/graph-layout';
import { shownText } from '../shown/shown-text';
import type { Rehearsal } from './rehearsal';

type Simulated = NonNullable<Rehearsal['planned']>['simulation'];
type StepNode = Node<{ readonly node: DrawnNode; readonly said: string; readonly isOpen: boolean }, 'step'>;

interface GraphFacts {
  readonly placed: PlacedGraph;
  readonly simulation: Simulated;
}

const WORDS: Readonly<Record<Simulated['nodes'][number]['class'], string>> = {
  pending: 'would run',
  skipped: 'would be skipped',
  'requires-approval': 'waits for approval',
  'requires-policy': 'asks a policy',
};
const ARROW = { type: MarkerType.ArrowClosed, width: 14, height: 14, color: 'var(--edge)' };

/** The graph of a plan that does not exist yet, with what the simulation says of each node. */
export default function PlanGraph({ placed, simulation }: GraphFacts) {
  const said = new Map<string, string>(simulation.nodes.map((node) => [node.id, WORDS[node.class]]));
  const nodes = placed.nodes.map(({ node, x, y, width, height, isOpen }): StepNode => ({
    id: node.id,
    type: 'step',
    position: { x, y },
    width,
    height,
    ...(node.parent === '' ? {} : { parentId: node.parent }),
    data: { node, said: said.get(node.id) ?? '', isOpen },
    ariaLabel: shownText(`${node.label ?? node.name}, ${node.kind}, ${said.get(node.id) ?? ''}`),
  }));
  return (
    <div className="graph playground-graph" role="group" aria-label="Graph of the plan">
      <ReactFlow
        nodes={nodes}
        edges={placed.edges.map(({ from, to }) => ({
          id: `${from} ${to}`,
          source: from,
          target: to,
          markerEnd: ARROW,
        }))}
        nodeTypes={NODE_TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        minZoom={0.1}
        maxZoom={1.5}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.1 }}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={24} size={1} color="var(--line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

const StepBox = memo(({ data: { node, said, isOpen } }: NodeProps<StepNode>) => (
  <div className="node" data-open={isOpen} data-status="pending">
    <Handle type="target" position={Position.Top} isConnectable={false} />
    <div className="node-line">
      <span className="node-title">{node.label ?? node.name}</span>
    </div>
    {isOpen ? null : (
      <div className="node-line node-detail">
        {(node.uses ?? node.kind).replace(/^builtin:/, '')}, {said}
      </div>
    )}
    <Handle type="source" position={Position.Bottom} isConnectable={false} />
  </div>
));
const NODE_TYPES = { step: StepBox };
