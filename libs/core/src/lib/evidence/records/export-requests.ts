import { nodeOf } from '../../plan/place';
import type { IndexedNode, PlanIndex } from '../../plan/plan-index';
import type { EvidenceDocuments } from './evidence-documents';

/** Destination of a run's evidence after it is sealed. */
export interface ExportRequest {
  /** Id of a configured destination. */
  readonly destination: string;
  /** True: each artifact of the run is exported as a separate file. */
  readonly artifacts: boolean;
}

/**
 * Exports that steps of the run requested: `builtin:evidence-export` without `run`, derived from plan and journal alone. There is one
 * request per destination, sorted. Artifacts are included if any of the steps asks for them.
 */
export function exportRequests({ index, facts }: EvidenceDocuments): readonly ExportRequest[] {
  const succeeded = facts.stepsEnded.filter(({ status }) => status === 'succeeded');
  const nodes = succeeded.map(({ step }) => index.nodes.get(nodeOf(step))?.node);
  return [...requestsOf(nodes)]
    .map(([destination, artifacts]) => ({ destination, artifacts }))
    .sort((a, b) => (a.destination < b.destination ? -1 : 1));
}

/** The destinations of all exports that steps of a plan can request, and whether one of these steps asks for artifacts. */
export function plannedExports(index: Pick<PlanIndex, 'nodes'>): ReadonlyMap<string, boolean> {
  return requestsOf([...index.nodes.values()].map(({ node }) => node));
}

function requestsOf(nodes: readonly (IndexedNode['node'] | undefined)[]): ReadonlyMap<string, boolean> {
  const asked = new Map<string, boolean>();
  for (const node of nodes) {
    if (node?.kind !== 'run' || node.uses !== 'builtin:evidence-export') continue;
    const { destination, run, artifacts } = node.with;
    if (run !== undefined || typeof destination !== 'string') continue;
    asked.set(destination, asked.get(destination) === true || artifacts === true);
  }
  return asked;
}
