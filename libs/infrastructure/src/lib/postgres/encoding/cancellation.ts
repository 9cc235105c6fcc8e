import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import type { RunCancellation } from '@taskrunner/core/ports';
import { isStoredTime } from '@taskrunner/core/stored';

/** What a run's row and its inbox say about its cancellation. */
export interface CancellationRow {
  /** Position of the first request in the inbox; 0: nobody requested it. */
  readonly cancel_position: number;
  /** `{input, postedMs}` of the message at that position, and whether there is one that adds force (`isForced`); null: there is none. */
  readonly cancel_request: Json;
  readonly requester: { readonly iss: string; readonly sub: string; readonly name: string };
}

/**
 * The first request to cancel a run, with the force that a later one can add; null if there is none, or none that can be shown. Only the
 * requester of the run has a known name.
 */
export function cancellationOf({ cancel_request: request, requester }: CancellationRow): RunCancellation | null {
  if (!isRequest(request)) return null;
  const { by, reason, force } = request.input;
  const isRequester = by.iss === requester.iss && by.sub === requester.sub;
  const name = isRequester ? requester.name : null;
  const isForced = force || request.isForced === true;
  return { by: { iss: by.iss, sub: by.sub, name }, reason, force: isForced, requestedAt: request.postedMs };
}

/** True if a run is marked or shown as cancelled, and its inbox has no such request. */
export function isUncancelled(row: CancellationRow & { readonly status: string }): boolean {
  const { cancel_position: position, cancel_request: request, status } = row;
  return position > 0 ? !isRequest(request) : status === 'cancelling';
}

type Request = JsonObject & {
  readonly input: {
    readonly by: { readonly iss: string; readonly sub: string };
    readonly reason: string;
    readonly force: boolean;
  };
  readonly postedMs: number;
  readonly isForced?: Json;
};

/** True if the message has the shape of a request that the product writes. */
function isRequest(message: Json): message is Request {
  if (!isJsonObject(message) || !isStoredTime(message['postedMs'])) return false;
  const { input = null } = message;
  if (!isJsonObject(input) || input['type'] !== 'run.cancel-requested') return false;
  const { by = null, reason, force } = input;
  if (!isJsonObject(by) || typeof reason !== 'string' || typeof force !== 'boolean') return false;
  return typeof by['iss'] === 'string' && typeof by['sub'] === 'string';
}
