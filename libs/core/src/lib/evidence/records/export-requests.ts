import { nodeOf } from '../../plan/place';
import type { EvidenceDocuments } from './evidence-documents';

/** Where a run's evidence goes once it is sealed. */
export interface ExportRequest {
  /** Id of a configured destination. */
  readonly destination: string;
  /** True: each artifact of the run goes along as a file of its own. */
  readonly artifacts: boolean;
}

/**
 * What steps of the run asked for: `builtin:evidence-export` without `run`, by the plan and by the journal alone. One request a
 * destination, sorted; artifacts go along if any of the steps wants them.
 */
export function exportRequests({ index, facts }: EvidenceDocuments): readonly ExportRequest[] {
  const asked = new Map<string, boolean>();
  for (const { step, status } of facts.stepsEnded) {
    const node = index.nodes.get(nodeOf(step))?.node;
    if (status !== 'succeeded' || node?.kind !== 'run' || node.uses !== 'builtin:evidence-export') continue;
    const { destination, run, artifacts } = node.with;
    if (run !== undefined || typeof destination !== 'string') continue;
    asked.set(destination, asked.get(destination) === true || artifacts === true);
  }
  return [...asked]
    .map(([destination, artifacts]) => ({ destination, artifacts }))
    .sort((a, b) => (a.destination < b.destination ? -1 : 1));
}
