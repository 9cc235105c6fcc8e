import type { Digest, RunId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Subject } from '../../foundation/principal';
import type { DecisionKind } from '../../gate/gate-state';

/** A person's decision at a gate. */
export interface Decision {
  readonly runId: RunId;
  readonly gate: string;
  readonly decision: DecisionKind;
  readonly planHash: Digest;
  /** Digest of what was shown; null for the published request body, which is allowed if the plan alone determines everything. */
  readonly gateDigest: Digest | null;
  readonly reason: string | null;
  readonly response: Json;
  readonly onBehalfOf: Subject | null;
  /** DSSE envelope of the person's own signature over the intent; null if there is none. */
  readonly proof: Json;
}
