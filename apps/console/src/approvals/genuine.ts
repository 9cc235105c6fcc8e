import type { Gate } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';
import { digestOf } from './canonical';

/**
 * True if what is shown is what the digest of the gate stands for: the request has that digest, the values have the digest that the request
 * names, and the request is that of this gate and of this run.
 */
export async function isGenuine(
  gate: Pick<Gate, 'runId' | 'gateId' | 'planHash' | 'gateDigest' | 'request' | 'show'>,
): Promise<boolean> {
  const { request, show, gateDigest } = gate;
  if (request.gate !== gate.gateId || request.runId !== gate.runId || request.planHash !== gate.planHash) return false;
  const [whole, shown] = await Promise.all([digestOf(request as unknown as Json), digestOf(show as Json)]);
  return whole === gateDigest && shown === request.showDigest;
}
