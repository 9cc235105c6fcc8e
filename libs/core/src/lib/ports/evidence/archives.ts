import type { ArchivedChunk, BundlePart } from '../../evidence/bundle/archive';
import type { Digest, RunId, TenantId } from '../../foundation/ids';

/** Positions of the journal and log of sealed runs, whose rows may be deleted. Null if the run is not archived. */
export abstract class Archives {
  /** Some chunks with numbers after `afterLine`, in order; none if there is no such line. */
  abstract chunks(
    tenant: TenantId,
    run: RunId,
    afterLine: number,
  ): Promise<{ readonly bundle: Digest; readonly chunks: readonly ArchivedChunk[] } | null>;
  abstract journal(
    tenant: TenantId,
    run: RunId,
  ): Promise<{ readonly bundle: Digest; readonly part: BundlePart } | null>;
}
