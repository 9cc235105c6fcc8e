import { sameJson } from '../../../canonical/same-json';
import type { StepId } from '../../../foundation/ids';
import { nodeOf } from '../../../plan/place';
import { compileSchema } from '../../../schema/compile-schema';
import type { DecisionRecord } from '../../records/documents';
import type { EvidenceDocuments } from '../../records/evidence-documents';
import { hasOlderSchemaRules } from '../plan-again';

/**
 * Why the response of a decision is invalid; null if it is valid. An approval fills in the gate's form; other decisions have no response.
 */
export function responseObjection(
  { index, environment }: EvidenceDocuments,
  gate: StepId,
  { decision, response }: Pick<DecisionRecord, 'decision' | 'response'>,
): string | null {
  const node = index.nodes.get(nodeOf(gate))?.node;
  const form = node?.kind === 'gate' ? node.form : null;
  if (decision !== 'approved' || form === null)
    return response === null ? null : 'with a response, although the gate has no form';
  if (hasOlderSchemaRules(environment)) return null;
  const schema = compileSchema(form);
  if (schema.kind !== 'schema') return 'at a gate whose form cannot be read';
  const [first] = schema.findings(response);
  return first === undefined ? null : `with a response that does not fit the form: ${first.pointer || '/'}`;
}

/** True if all approvals of a gate gave the same response. */
export function isOneResponse(approvals: readonly Pick<DecisionRecord, 'response'>[]): boolean {
  return approvals.every(({ response }) => sameJson(response, approvals[0]?.response ?? null));
}
