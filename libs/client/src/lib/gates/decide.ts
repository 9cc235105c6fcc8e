import type { DecideBody, DecisionReceipt, Gate } from '../api/types';
import type { Api } from '../connection/api';
import { bodyOf } from '../connection/body-of';

/** The gate that the person was shown. A decision names its plan and its request, and is refused if either has changed. */
export type ShownGate = Pick<Gate, 'runId' | 'gateId' | 'planHash' | 'gateDigest'>;

/** Optional fields of a decision. */
export interface DecisionOptions extends Pick<DecideBody, 'reason' | 'response' | 'onBehalfOf' | 'proof'> {
  readonly signal?: AbortSignal;
}

/** Sends a decision once. The decisions of the gate show whether it has arrived. */
export function decide(
  api: Api,
  gate: ShownGate,
  decision: DecideBody['decision'],
  options: DecisionOptions = {},
): Promise<DecisionReceipt> {
  const { signal = null, ...more } = options;
  const { runId, gateId, planHash, gateDigest } = gate;
  const body = { gateId, decision, planHash, gateDigest, ...more };
  return bodyOf(api.POST('/api/runs/{runId}/approve', { params: { path: { runId } }, body, signal }));
}
