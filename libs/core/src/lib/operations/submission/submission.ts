import type { Digest, ScheduleId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Receipt } from '../../plan/plan-request';
import type { PackSource } from '../packs/pack-source';
import type { SuppliedInputs } from '../planning/supplied-inputs';
import type { RerunLink } from './admission-record';

/** The request for a run. */
export interface Submission {
  readonly source: PackSource;
  /** Publishers' signatures from the request, not verified. */
  readonly signatures: readonly Json[];
  readonly inputs: SuppliedInputs;
  /** The expected plan hash. */
  readonly planHash: Digest | null;
  /** The caller's receipt, used to find differences. */
  readonly receipt: Receipt | null;
  readonly labels: Readonly<Record<string, string>>;
  /** For schedules: the schedule and the expected profile digest. */
  readonly schedule?: { readonly scheduleId: ScheduleId; readonly profileDigest: Digest | null };
  /** For reruns: the original. Its inputs are those of its admission. */
  readonly rerun?: RerunLink;
  /** For reruns: forms of gates in the order of their authors, as the original has them. Absent or null: as the pack has them. */
  readonly forms?: string | null;
  readonly idempotency: Idempotency | null;
}

/** Identifies a repeated request. */
export interface Idempotency {
  readonly key: string;
  readonly route: string;
  /** Equal for bodies with the same value. */
  readonly bodyDigest: Digest;
  /** Digests by which earlier releases recorded the same request. */
  readonly earlierDigests: readonly Digest[];
}
