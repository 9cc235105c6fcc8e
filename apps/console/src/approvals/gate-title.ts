import type { Gate } from '@taskrunner/client';
import { verdictIn } from './verdict';

/** The end of the message of a request to override whose gate has no message. */
const OVERRIDES = '. Approving overrides the denial.';

/** What a request is about, in one line. A request to override a denial without a message of the pack names what was denied. */
export function gateTitle(gate: Pick<Gate, 'request' | 'policy' | 'pack' | 'gateId'>): string {
  const verdict = verdictIn(gate);
  if (verdict === null || !gate.request.message.endsWith(OVERRIDES)) return gate.request.message;
  const { name, version } = gate.pack;
  return `Override policy ${verdict.id} for ${name} ${version} at ${gate.gateId}?`;
}
