import setting from 'virtual:default-setting';
import { drawnNodes, layoutGraph, type PlacedGraph } from '../run/graph-layout';
import { rehearse, type Rehearsal } from './rehearsal';

// Reads, plans and simulates beside the page. It requests nothing.

/** What a person has written. */
export interface Written {
  readonly id: number;
  readonly manifest: string;
  readonly inputs: string;
  /** Number of nodes up to which a graph is drawn. */
  readonly graphNodes: number;
}

export interface Rehearsed {
  readonly id: number;
  readonly rehearsal: Rehearsal;
  /** Null: there is no plan, or too much of it. */
  readonly placed: PlacedGraph | null;
}

self.addEventListener('message', ({ data: { id, manifest, inputs, graphNodes } }: MessageEvent<Written>) => {
  const rehearsal = rehearse(manifest, inputs, setting);
  const graph = rehearsal.planned?.graph;
  const isDrawn = graph !== undefined && drawnNodes(graph).length <= graphNodes;
  const rehearsed: Rehearsed = { id, rehearsal, placed: isDrawn ? layoutGraph(graph) : null };
  self.postMessage(rehearsed);
});
