import { canonical, sha256 } from '@taskrunner/core/canonical';
import { isRunId, runUuid, toRunId } from '@taskrunner/core/foundation';
import type { Digest, Json, JsonObject, RunId, TenantId } from '@taskrunner/core/foundation';
import type { ArtifactView, RunSummary, StepRow } from '@taskrunner/core/ports';
import {
  DocumentAltered,
  isStoredTime,
  shownTime,
  type AdmissionColumns,
  type KnownAdmissions,
} from '@taskrunner/core/stored';
import { isCounterAtEnd, isInboxTaken } from '../connection/sql-state';
import { cancellationOf, isUncancelled } from './cancellation';
import { toDigest } from './digest-bytes';
import { storedAdmission } from './packed-admission';
import { markOf, misshapenColumn, withoutMisshapen } from './shown-run';
import type { AdmissionRow, SummaryRow } from './summary-row';

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
    admission: storedAdmission(row),
    admissionDigest: row.admission_digest as Digest,
  };
}

/**
 * Every row is compared. One that differs is refused until its run is marked, which its first reader does. A run that is marked is shown:
 * with the mark, with what its admission says instead of what the columns say, and without values that cannot be shown.
 */
export function toSummary(tenant: TenantId, row: SummaryRow, known: KnownAdmissions): RunSummary {
  const mark = markOf(row.altered);
  if (mark !== null) return summaryOf(admitted(tenant, withoutMisshapen(row), known), mark);
  known.compare(admissionColumns(tenant, row));
  const runId = toRunId(row.run_id);
  if (isUncancelled(row) && row.status !== 'halted') throw alteredCancellation(tenant, runId);
  const what = misshapenColumn(row);
  if (what !== null) throw misshapen(tenant, runId, what);
  return summaryOf(row, null);
}

/** A column of a run has a value that no row of the product has. */
export function misshapen(tenant: TenantId, runId: RunId, what: string): DocumentAltered {
  const finding = { what, expected: 'a value that was written', found: 'another' };
  return new DocumentAltered({ tenant, runId, document: 'run', ...finding });
}

/** The row of an altered run with the columns that its admission has; without them if that was altered as well. */
function admitted(tenant: TenantId, row: SummaryRow, known: KnownAdmissions): SummaryRow {
  const columns = admissionColumns(tenant, row);
  try {
    known.compare(columns);
    return row;
  } catch (error) {
    if (!DocumentAltered.is(error)) throw error;
  }
  return { ...row, ...UNKNOWN, ...recordedColumns(columns, known) };
}

/** Shown of a run if neither its columns nor its admission can be relied on. */
const UNKNOWN = {
  plan_hash: `sha256:${'0'.repeat(64)}`,
  profile_digest: `sha256:${'0'.repeat(64)}`,
  content_digest: `sha256:${'0'.repeat(64)}`,
  pack_name: '',
  pack_version: '',
  initiators: [],
  requester: { iss: '', sub: '', name: '' },
  rerun_of: null,
} as const;

function recordedColumns(columns: AdmissionColumns, known: KnownAdmissions): Partial<SummaryRow> {
  try {
    const record = known.record(columns);
    if (record.runId !== columns.runId || record.tenant !== columns.tenant) return {};
    const { pack, planHash, profileDigest, initiators, rerunOf } = record;
    const [first] = initiators;
    return {
      plan_hash: planHash,
      profile_digest: profileDigest,
      content_digest: pack.contentDigest,
      pack_name: pack.name,
      pack_version: pack.version,
      initiators: [...initiators],
      ...(first && { requester: { iss: first.iss, sub: first.sub, name: first.sub } }),
      rerun_of: rerunOf !== null && isRunId(rerunOf) ? runUuid(rerunOf) : null,
    };
  } catch (error) {
    if (DocumentAltered.is(error)) return {};
    throw error;
  }
}

function summaryOf(row: SummaryRow, mark: Json): RunSummary {
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
    waits: withSince(row.waits),
    stuck: row.stuck,
    counts: row.counts,
    outputs: row.outputs,
    outputsOmitted: row.outputs_omitted === true,
    message: row.message,
    error: mark ?? row.error,
    cancellation: cancellationOf(row),
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
function alteredCancellation(tenant: TenantId, runId: RunId): DocumentAltered {
  const found = {
    document: 'status',
    what: 'the mark of its cancellation',
    expected: 'a request',
    found: 'none',
  } as const;
  return new DocumentAltered({ tenant, runId, ...found });
}

/** The row of a run names positions of its inbox that are none, or messages of another kind. */
export function alteredPositions(tenant: TenantId, runId: RunId): DocumentAltered {
  const what = 'a position of its inbox in the row';
  return new DocumentAltered({ tenant, runId, document: 'status', what, expected: 'a message', found: 'none' });
}

/**
 * Handles the error of a statement that gives the next position of an inbox to a message. Counter and message change together, so a message
 * that is there already was written by somebody else, and so was a counter that nothing can follow.
 */
export function inboxGuard({ tenant, runId }: Pick<AdmissionColumns, 'tenant' | 'runId'>): (error: unknown) => never {
  return (error) => {
    if (isCounterAtEnd(error)) {
      const found = { what: 'a counter of the run', expected: 'a number that another can follow', found: 'none' };
      throw new DocumentAltered({ tenant, runId, document: 'run', ...found });
    }
    if (!isInboxTaken(error)) throw error;
    const what = 'the message at the next position of its inbox';
    throw new DocumentAltered({ tenant, runId, document: 'status', what, expected: 'none', found: 'one out of order' });
  };
}

/** The inbox of a run has a message that no worker reads, under the key of a message that is being posted. */
export function alteredMessage(tenant: TenantId, runId: RunId, dedupe: string): DocumentAltered {
  const what = `the message ${dedupe} in its inbox`;
  return new DocumentAltered({ tenant, runId, document: 'status', what, expected: 'none', found: 'one out of order' });
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
    nextAttemptAt: shownTime(row.next_attempt_ms),
    startedAt: shownTime(row.started_ms),
    finishedAt: shownTime(row.finished_ms),
    children: row.children,
    outputs: row.outputs,
    outputsRef: row.outputs_ref ?? shownRefOf(row.outputs),
    reusedFrom: row.reused_from,
    error: row.error,
  };
}

/** The stored form of a step's outputs. The reference is left out if the value itself is stored. */
export function storedOutputs({ outputs, outputsRef }: Pick<StepRow, 'outputs' | 'outputsRef'>): readonly [Json, Json] {
  return [outputs, outputs === null ? outputsRef : null];
}

/** As `valueRefOf`; null for a value that no document can have, which is not the value that the journal names. */
function shownRefOf(value: Json): Json {
  try {
    return valueRefOf(value);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
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

/** As `toArtifactView`. Throws `DocumentAltered` if its time cannot be shown. */
export function toShownArtifact(tenant: TenantId, runId: RunId, row: ArtifactRecord): ArtifactView {
  if (isStoredTime(row.created_ms)) return toArtifactView(row);
  const finding = { what: 'the time of an artifact', expected: 'a value that was written', found: 'another' };
  throw new DocumentAltered({ tenant, runId, document: 'artifact', ...finding });
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

/** Rows of earlier releases do not say since when their run waits for its group, for workers or after a restore. */
function withSince(waits: Json): Json {
  return Array.isArray(waits) ? waits.map((wait: JsonObject) => ({ since: null, ...wait })) : waits;
}
