import type { RunId, TenantId } from '../../foundation/ids';

/** A requested delivery that is not done. */
export interface DueExport {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly destination: string;
  readonly artifacts: boolean;
  /** Number of tries, including this one. */
  readonly tries: number;
  /** Time since the seal, milliseconds. */
  readonly ageMs: number;
}

/** The result of a delivery. */
export type Settled =
  | { readonly status: 'delivered' }
  /** It is tried again after `afterMs`. */
  | { readonly status: 'pending'; readonly reason: string; readonly afterMs: number }
  /** It is given up. */
  | { readonly status: 'failed'; readonly reason: string };

/** Deliveries of sealed evidence, one per run and destination. The seal creates them. */
export abstract class Exports {
  /** Leases the longest due delivery to this destination to the caller for `leaseMs`. */
  abstract take(destination: string, leaseMs: number): Promise<DueExport | null>;
  /** The same, for deliveries whose destination is none of these. */
  abstract takeOther(known: readonly string[], leaseMs: number): Promise<DueExport | null>;
  /** Records the result. A finished delivery is not changed. */
  abstract settle(due: DueExport, settled: Settled): Promise<void>;
}
