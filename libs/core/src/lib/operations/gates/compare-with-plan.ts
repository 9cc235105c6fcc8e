import { differenceFromPlan } from '../../binding/planned-request';
import type { TenantId } from '../../foundation/ids';
import type { GateRow } from '../../ports/gates/gate-store';
import { DocumentAltered } from '../../stored/document-altered';
import type { RunDocuments } from '../../stored/run-documents';

/**
 * Compares the request of a gate, which a worker writes and nobody signs, with the plan that the signed admission names. Throws
 * `DocumentAltered`. A worker of any key makes the request that the plan determines, so the run is marked and halted.
 *
 * @param documents of the run of the gate.
 */
export function compareWithPlan(tenant: TenantId, row: GateRow, documents: Pick<RunDocuments, 'index'>): void {
  const { runId, gate } = row;
  const { request, show } = row.documents;
  const found = differenceFromPlan(documents.index, { request, show });
  if (found === null) return;
  const what = `${found.what} in the request of gate ${gate}`;
  throw new DocumentAltered({ tenant, runId, document: 'gate', what, expected: found.expected, found: found.found });
}
