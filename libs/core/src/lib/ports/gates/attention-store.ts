import type { Envelope } from '../../evidence/encoding/envelope';
import type { ResolutionOutcome } from '../../evidence/records/documents';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Subject } from '../../foundation/principal';
import type { InputEventBody } from '../../run/run-event';

/** A resolution, signed and ready to count. */
export interface SignedResolution {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly step: string;
  /** Its container instance: where its row is found. */
  readonly parent: string;
  readonly execution: number;
  readonly outcome: ResolutionOutcome;
  readonly person: Subject;
  /** Milliseconds since the epoch, database time. */
  readonly decidedAt: number;
  readonly envelope: Envelope;
  readonly recordDigest: Digest;
  readonly outputs: Json;
  readonly message: InputEventBody;
  readonly audit: JsonObject;
}

export type Resolved =
  | { readonly kind: 'counted' }
  /** This execution was resolved before: by whom, how, and the first record. */
  | {
      readonly kind: 'known';
      readonly person: Subject;
      readonly outcome: ResolutionOutcome;
      readonly envelope: Envelope;
    }
  /** Not later than the run's last decision, or the run moved meanwhile: look and sign again. */
  | { readonly kind: 'again' }
  | { readonly kind: 'refused'; readonly code: 'RUN_ENDED' | 'ATTENTION_NOT_NEEDED' };

/** Where people say what a step did whose outcome nobody knows: one statement on the run's row. */
export abstract class AttentionStore {
  abstract resolve(resolution: SignedResolution): Promise<Resolved>;
}
