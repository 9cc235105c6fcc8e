import { differenceFromPlan } from '../binding/planned-request';
import type { RunId, TenantId } from '../foundation/ids';
import { DocumentAltered } from './document-altered';
import type { RunDocuments } from './run-documents';
import type { GateDocuments } from './stored-gate';

/** A gate whose documents match their digests. */
interface ComparedGate {
  readonly runId: RunId;
  readonly gate: string;
  readonly documents: GateDocuments;
}

/**
 * Compares the request of a gate, which a worker writes and nobody signs, with the plan that the signed admission names. Throws
 * `DocumentAltered`. A worker of any key makes the request that the plan determines, so the run is marked and halted.
 *
 * @param documents of the run of the gate.
 */
export function compareWithPlan(tenant: TenantId, row: ComparedGate, documents: Pick<RunDocuments, 'index'>): void {
  const { runId, gate } = row;
  const { request, show } = row.documents;
  const found = differenceFromPlan(documents.index, { request, show });
  if (found === null) return;
  const what = `${found.what} in the request of gate ${gate}`;
  throw new DocumentAltered({ tenant, runId, document: 'gate', what, expected: found.expected, found: found.found });
}
