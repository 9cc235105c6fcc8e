import type { Envelope } from '../../evidence/encoding/envelope';
import type { RunId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';

/** A release, signed and ready to count. */
export interface SignedRelease {
  readonly tenant: TenantId;
  readonly runId: RunId;
  /** Milliseconds since the epoch, database time. */
  readonly decidedAt: number;
  readonly envelope: Envelope;
  readonly audit: JsonObject;
}

/** Where operators release evidence whose seal is blocked. */
export abstract class EvidenceReleases {
  /** One statement: the record is kept, the seal is due again, the audit row is appended. False if the seal is not blocked. */
  abstract release(release: SignedRelease): Promise<boolean>;
}
