import type { Json } from '@taskrunner/core/foundation';
import { canonical } from './canonical';

/**
 * What has become of the response that a person read before they decide. `given`: there was none, and another approver has given one.
 * `withdrawn`: whoever gave it has withdrawn, so that the form is to be filled in.
 */
export type ResponseChange = 'none' | 'given' | 'changed' | 'withdrawn';

/** Compares the response that a person read with that of the gate now; null: nobody has given one. */
export function changeOfResponse(read: Json, now: Json): ResponseChange {
  if (canonical(read) === canonical(now)) return 'none';
  if (read === null) return 'given';
  return now === null ? 'withdrawn' : 'changed';
}
