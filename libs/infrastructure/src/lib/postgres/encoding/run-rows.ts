import { canonical, sha256 } from '@taskrunner/core/canonical';
import { toRunId } from '@taskrunner/core/foundation';
import type { Envelope } from '@taskrunner/core/evidence';
import type { Actor, Digest, Json, RunId, TenantId } from '@taskrunner/core/foundation';
import type { ArtifactView, RunSummary, StepRow } from '@taskrunner/core/ports';
import { DocumentAltered, type AdmissionColumns, type KnownAdmissions } from '@taskrunner/core/stored';
import { toDigest } from './digest-bytes';

/** The columns of a run's row that duplicate its admission, and the admission. */
export interface AdmissionRow {
  readonly run_id: string;
  readonly plan_hash: string;
  readonly profile_digest: string;
  readonly pack_name: string;
  readonly pack_version: string;
  readonly content_digest: string;
  readonly source_digest: string;
  readonly initiators: Actor[];
  readonly rerun_of: string | null;
  readonly admission: Envelope;
  readonly admission_digest: string;
}

export function admissionColumns(tenant: TenantId, row: AdmissionRow): AdmissionColumns {
  return {
    tenant,
    runId: toRunId(row.run_id),
    planHash: row.plan_hash as Digest,
    profileDigest: row.profile_digest as Digest,
    pack: {
      name: row.pack_name,
      version: row.pack_version,
      contentDigest: row.content_digest as Digest,
      sourceDigest: row.source_digest as Digest,
    },
    initiators: row.initiators,
    rerunOf: row.rerun_of === null ? null : toRunId(row.rerun_of),
    admission: row.admission,
    admissionDigest: row.admission_digest as Digest,
  };
}

/** A run's two rows, as `run-summary`, `list-runs` and `run-records` return them. */
export interface SummaryRow extends AdmissionRow {
  readonly status: string;
  /** The altered document, as an error of the run; null: none. */
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
  readonly error: Json;
  readonly evidence_status: RunSummary['evidence']['status'];
  readonly evidence_digest: Buffer | null;
  readonly evidence_reason: string | null;
  readonly exports?: RunSummary['evidence']['exports'] | null;
  readonly last_line: number;
  readonly version: number;
  /** True if it is marked as cancelled, and nobody requested it. Not read for every query. */
  readonly uncancelled?: boolean;
}

/** An admission that is already recorded as altered is not compared, so that the run can still be shown. */
export function toSummary(tenant: TenantId, row: SummaryRow, known: KnownAdmissions): RunSummary {
  if (row.altered === null && row.status !== 'halted') {
    known.compare(admissionColumns(tenant, row));
    if (row.uncancelled === true) throw alteredCancellation(tenant, toRunId(row.run_id));
  }
  return {
    runId: toRunId(row.run_id),
    status: row.status,
    pack: { name: row.pack_name, version: row.pack_version, contentDigest: row.content_digest as Digest },
    planHash: row.plan_hash as Digest,
    profileDigest: row.profile_digest as Digest,
    requester: row.requester,
    initiators: row.initiators,
    labels: row.labels,
    createdAt: row.created_ms,
    startedAt: row.started_ms,
    finishedAt: row.finished_ms,
    waits: row.waits,
    stuck: row.stuck,
    counts: row.counts,
    outputs: row.outputs,
    error: row.altered ?? row.error,
    evidence: {
      status: row.evidence_status,
      digest: row.evidence_digest && toDigest(row.evidence_digest),
      reason: row.evidence_reason,
      exports: row.exports ?? [],
    },
    lastLine: row.last_line,
    rerunOf: row.rerun_of === null ? null : toRunId(row.rerun_of),
    version: row.version,
  };
}

/** The row of a run says that it is being cancelled, and its inbox has no such request: it would say so for ever. */
export function alteredCancellation(tenant: TenantId, runId: RunId): DocumentAltered {
  const found = {
    document: 'status',
    what: 'the mark of its cancellation',
    expected: 'a request',
    found: 'none',
  } as const;
  return new DocumentAltered({ tenant, runId, ...found });
}

/** The parent of the root in a step's row. No step has this name. */
export const ROOT_PARENT = '/';

/** A step's row. */
export interface StepRecord {
  readonly step: string;
  readonly parent: string;
  readonly place: number;
  readonly kind: string;
  readonly label: string | null;
  readonly status: StepRow['status'];
  readonly reason: string | null;
  readonly attempts: number;
  readonly next_attempt_ms: number | null;
  readonly started_ms: number | null;
  readonly finished_ms: number | null;
  readonly children: number | null;
  readonly outputs: Json;
  readonly outputs_ref: Json;
  readonly reused_from: Json;
  readonly error: Json;
}

export function toStepRow(row: StepRecord): StepRow {
  return {
    step: row.step,
    parent: row.parent === ROOT_PARENT ? null : row.parent,
    place: row.place,
    kind: row.kind,
    label: row.label,
    status: row.status,
    reason: row.reason,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_ms,
    startedAt: row.started_ms,
    finishedAt: row.finished_ms,
    children: row.children,
    outputs: row.outputs,
    outputsRef: row.outputs_ref ?? valueRefOf(row.outputs),
    reusedFrom: row.reused_from,
    error: row.error,
  };
}

/** The stored form of a step's outputs. The reference is left out if the value itself is stored. */
export function storedOutputs({ outputs, outputsRef }: Pick<StepRow, 'outputs' | 'outputsRef'>): readonly [Json, Json] {
  return [outputs, outputs === null ? outputsRef : null];
}

/** The reference to a value in its row: its digest is that of its RFC 8785 text. */
export function valueRefOf(value: Json): Json {
  if (value === null) return null;
  const text = canonical(value);
  return { kind: 'value', digest: sha256(text), size: Buffer.byteLength(text) };
}

/** An artifact's row, also as nested in `run-records`. */
export interface ArtifactRecord {
  readonly artifact_id: string;
  readonly step: string;
  readonly execution: number;
  readonly name: string;
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly media_type: string;
  readonly created_ms: number;
}

export function toArtifactView(row: ArtifactRecord): ArtifactView {
  return {
    artifactId: row.artifact_id,
    step: row.step,
    execution: row.execution,
    name: row.name,
    path: row.path,
    digest: row.digest as Digest,
    size: row.size,
    mediaType: row.media_type,
    createdAt: row.created_ms,
  };
}

const LAST_PLACE = 2_147_483_647;

/** The expected position of a step's row, from its name: `rollout[3]` below `rollout` at 3, `rollout[3]::scan` below `rollout[3]`. */
interface Whereabouts {
  readonly parent: string;
  readonly from: number;
  readonly to: number;
}

/** A hint that saves a search among the siblings. Rows are found without it. */
export function whereabouts(step: string): Whereabouts {
  const item = /^(.*)\[(\d{1,9})\]$/.exec(step);
  if (item) return { parent: item[1] ?? '', from: Number(item[2]), to: Number(item[2]) };
  const cut = step.lastIndexOf('::');
  return { parent: step === '' ? ROOT_PARENT : step.slice(0, Math.max(cut, 0)), from: 0, to: LAST_PLACE };
}
