import type { Envelope } from '../../evidence/encoding/envelope';
import type { RunId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';

/** A signed release to be applied. */
export interface SignedRelease {
  readonly tenant: TenantId;
  readonly runId: RunId;
  /** Milliseconds since the epoch, database time. */
  readonly decidedAt: number;
  readonly envelope: Envelope;
  readonly audit: JsonObject;
}

/** Where operators release blocked evidence. */
export abstract class EvidenceReleases {
  /** One SQL statement: the record is stored, the seal becomes due again, an audit row is appended. False if the seal is not blocked. */
  abstract release(release: SignedRelease): Promise<boolean>;
}
