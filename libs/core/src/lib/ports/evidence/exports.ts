import type { RunId, TenantId } from '../../foundation/ids';

/** A delivery that was asked for and is not done. */
export interface DueExport {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly destination: string;
  readonly artifacts: boolean;
  /** This one included. */
  readonly tries: number;
  /** Since the seal, milliseconds. */
  readonly ageMs: number;
}

/** How a delivery went. */
export type Settled =
  | { readonly status: 'delivered' }
  /** It is tried again after `afterMs`. */
  | { readonly status: 'pending'; readonly reason: string; readonly afterMs: number }
  /** It is given up. */
  | { readonly status: 'failed'; readonly reason: string };

/** Deliveries of sealed evidence, one a run and destination; they come into being with the seal. */
export abstract class Exports {
  /** Leases the delivery to this destination that is due longest to the caller for `leaseMs`. */
  abstract take(destination: string, leaseMs: number): Promise<DueExport | null>;
  /** The same of those whose destination is none of these. */
  abstract takeOther(known: readonly string[], leaseMs: number): Promise<DueExport | null>;
  /** Notes how it went; of a delivery that is over it changes nothing. */
  abstract settle(due: DueExport, settled: Settled): Promise<void>;
}
