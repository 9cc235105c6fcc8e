import type { Envelope } from '@taskrunner/core/evidence';
import type { Actor, Json } from '@taskrunner/core/foundation';
import type { RunSummary } from '@taskrunner/core/ports';
import type { CancellationRow } from './cancellation';

/** The columns of a run's row that duplicate its admission, and the admission. */
export interface AdmissionRow {
  readonly run_id: string;
  readonly plan_hash: string;
  readonly profile_digest: string;
  readonly pack_name: string;
  readonly pack_version: string;
  readonly content_digest: string;
  readonly source_digest: string;
  readonly initiators: readonly Actor[];
  readonly rerun_of: string | null;
  /** Null: it is packed, in the three columns that follow. */
  readonly admission: Envelope | null;
  readonly admitted?: string | null;
  readonly signed?: Buffer | null;
  readonly admitted_digests?: Buffer | null;
  readonly admission_digest: string;
}

/** A run's two rows, as `run-summary`, `list-runs` and `run-records` return them. */
export interface SummaryRow extends AdmissionRow, CancellationRow {
  readonly status: string;
  /** The altered document, as an error of the run, and whatever else somebody writes here; null: none. */
  readonly altered: Json;
  readonly requester: RunSummary['requester'];
  readonly labels: RunSummary['labels'];
  readonly created_ms: number;
  readonly started_ms: number | null;
  readonly finished_ms: number | null;
  readonly waits: Json;
  readonly stuck: RunSummary['stuck'];
  readonly counts: Json;
  readonly outputs: Json;
  /** Only of lists. True: it has outputs, which are too large for a list. */
  readonly outputs_omitted?: boolean | null;
  readonly message: Json;
  readonly error: Json;
  readonly evidence_status: RunSummary['evidence']['status'];
  readonly evidence_digest: Buffer | null;
  readonly evidence_reason: string | null;
  readonly exports?: RunSummary['evidence']['exports'] | null;
  readonly last_line: number;
  readonly version: number;
}
