import type { RunId, TenantId } from '../foundation/ids';
import { DocumentAltered } from './document-altered';

/**
 * Compares the positions of messages that were read after position `after`. The positions of an inbox have no gaps. `counted`: the row of the
 * run counts messages after this position, so there must be one. Throws `DocumentAltered`.
 */
export function compareInbox(
  { tenant, runId }: { readonly tenant: TenantId; readonly runId: RunId },
  after: number,
  positions: readonly number[],
  counted: boolean,
): void {
  const wrong = positions.findIndex((position, i) => position !== after + i + 1);
  if (wrong < 0 && (positions.length > 0 || !counted)) return;
  const expected = String(after + Math.max(wrong, 0) + 1);
  const found = wrong < 0 ? 'none' : String(positions[wrong]);
  throw new DocumentAltered({ tenant, runId, document: 'status', what: 'a message of its inbox', expected, found });
}
