import type { Envelope } from '../../evidence/encoding/envelope';
import type { ResolutionOutcome } from '../../evidence/records/documents';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Subject } from '../../foundation/principal';
import type { InputEventBody } from '../../run/run-event';

/** A signed resolution to be applied. */
export interface SignedResolution {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly step: string;
  /** Its container instance, by which its row is found. */
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
  /** This execution was resolved before: by whom, with which outcome, and the first record. */
  | {
      readonly kind: 'known';
      readonly person: Subject;
      readonly outcome: ResolutionOutcome;
      readonly envelope: Envelope;
    }
  /** `decidedAt` is not later than the run's last decision, or the run has changed meanwhile: read again and sign again. */
  | { readonly kind: 'again' }
  | { readonly kind: 'refused'; readonly code: 'RUN_ENDED' | 'ATTENTION_NOT_NEEDED' };

/** Where people resolve steps with an unknown outcome: one SQL statement on the run's row. */
export abstract class AttentionStore {
  abstract resolve(resolution: SignedResolution): Promise<Resolved>;
}
