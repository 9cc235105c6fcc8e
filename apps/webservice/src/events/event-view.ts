import type { JsonObject } from '@taskrunner/core/foundation';
import type { FeedEvent } from '@taskrunner/core/ports';
import { instant } from '../runs/run-view';

/** An event in the form of the API. Members that its type does not have are absent. */
export function toFeedEvent({ position, at, type, runId, status, gate, decision, bundle }: FeedEvent): JsonObject {
  return {
    position,
    at: instant(at),
    type,
    runId,
    ...(status === null ? {} : { status }),
    ...(gate === null ? {} : { gateId: gate }),
    ...(decision === null ? {} : { decision }),
    ...(bundle === null ? {} : { bundle }),
  };
}
