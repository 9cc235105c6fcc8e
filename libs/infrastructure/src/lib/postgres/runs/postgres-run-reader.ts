import { runUuid, toRunId } from '@taskrunner/core/foundation';
import { RunReader } from '@taskrunner/core/ports';
import {
  compareEach,
  DocumentAltered,
  isStoredTime,
  KnownAdmissions,
  KnownDocuments,
  type KnownSignatures,
} from '@taskrunner/core/stored';
import type { StatementParts } from '@taskrunner/core/evidence';
import type { Digest, Json, JsonObject, RunId, TenantId } from '@taskrunner/core/foundation';
import type {
  ArtifactView,
  CreatedRange,
  EarlierApproval,
  RunFilter,
  RunOriginal,
  RunPage,
  RunRecords,
  RunSummary,
  StatusCount,
  StepRow,
} from '@taskrunner/core/ports';
import type { StoredPage } from '@taskrunner/core/journal';
import type { RunDocuments, StoredTexts } from '@taskrunner/core/stored';
import { toDigest } from '../encoding/digest-bytes';
import { storedAdmission } from '../encoding/packed-admission';
import { misshapenOriginal, misshapenRecords } from '../encoding/original-row';
import type { Queries } from '../connection/queries';
import { RecordGroups } from './records/record-groups';
import type { DrivenPages } from '../flush/driven-pages';
import { withRetry } from '../connection/retry';
import {
  admissionColumns,
  toArtifactView,
  toShownArtifact,
  misshapen,
  toStepRow,
  toSummary,
  whereabouts,
} from '../encoding/run-rows';
import type { ArtifactRecord, StepRecord } from '../encoding/run-rows';
import type { AdmissionRow, SummaryRow } from '../encoding/summary-row';
import { toStoredPage, type StoredPageRow } from '../encoding/stored-page';
import { plannedEachTime, statement } from '../connection/statement';
import type { Statement } from '../connection/statement';
import {
  approvedBeforeValues,
  countValues,
  listValues,
  statusCounts,
  type CountRow,
  type ListBounds,
} from './run-list';

/** An admission and its documents. */
interface DocumentsRow extends AdmissionRow, StoredTexts {}

interface RecordsRow extends SummaryRow, StoredTexts {
  readonly manifest: string;
  readonly files: RunRecords['files'];
  readonly pack_signatures: RunRecords['packSignatures'];
  readonly inputs: Json;
  readonly gates: RunRecords['gates'];
  readonly decisions: RunRecords['decisions'];
  readonly resolutions: RunRecords['resolutions'];
  readonly releases: RunRecords['releases'];
  readonly artifacts: ArtifactRecord[];
  readonly audit_seq: number | null;
  readonly audit_head: Buffer | null;
  readonly journal_bytes: number;
  readonly journal_digest: Buffer | null;
}

interface OriginalRow extends DocumentsRow, Pick<RunOriginal, 'status' | 'manifest' | 'files' | 'labels'> {
  readonly head: Buffer | null;
  readonly pack_signatures: RunOriginal['packSignatures'];
  readonly inputs: JsonObject;
  /** Null: no form has an order of its own, or a service of an earlier release admitted the run. */
  readonly forms: RunOriginal['forms'] | null;
}

interface EvidenceRow {
  readonly bundle: string;
  readonly bundle_size: number;
  readonly statements: StatementParts;
  /** From the run's row; null if it was deleted. */
  readonly evidence_digest: Buffer | null;
}

interface TailRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly last_seq: number;
  readonly last_line: number;
  readonly status: string;
  readonly version: number;
}

/** Queries of readers, each one statement within the tenant. Documents are compared with their digests here, once for the same text. */
export class PostgresRunReader extends RunReader {
  private readonly summaryStatement = statement('run-summary');
  private readonly listStatement = plannedEachTime('list-runs');
  private readonly countStatement = plannedEachTime('count-runs');
  private readonly admissionStatement = statement('read-admission');
  private readonly originalStatement = statement('run-original');
  private readonly planStatement = statement('run-plan');
  private readonly approvedBeforeStatement = statement('approved-before');
  private readonly stepSourceStatement = statement('step-source');
  private readonly childrenStatement = statement('list-steps');
  private readonly stepsStatement = statement('list-all-steps');
  private readonly countStepsStatement = statement('count-steps');
  private readonly gateStepsStatement = statement('list-gate-steps');
  private readonly stepStatement = statement('find-step');
  private readonly artifactsStatement = statement('run-artifacts');
  private readonly journalStatement = statement('read-journal');
  private readonly lastPageStatement = statement('last-page');
  private readonly recordsStatement = statement('run-records');
  private readonly recordStatement = ofOneRun(this.recordsStatement);
  private readonly evidenceStatement = statement('run-evidence');
  private readonly tailStatement = statement('tail');
  private readonly documentsKnown = new KnownDocuments();
  private readonly listed = new KnownAdmissions(null);
  private readonly recordGroups = new RecordGroups<RecordsRow>((tenant, runs) =>
    this.ask<RecordsRow>(tenant, runs.length === 1 ? this.recordStatement : this.recordsStatement, runs),
  );
  private readonly admissionsKnown: KnownAdmissions;

  /**
   * `signatures`: verifies the admission of each run that is not read for a list; null: the caller verifies it. `driven`: the pages of runs
   * that this process has driven; null: it drives none.
   */
  constructor(
    private readonly queries: Queries,
    signatures: KnownSignatures | null,
    private readonly driven: DrivenPages | null = null,
  ) {
    super();
    this.admissionsKnown = new KnownAdmissions(signatures);
  }

  async summary(tenant: TenantId, run: RunId): Promise<RunSummary | null> {
    const [row] = await this.ask<SummaryRow>(tenant, this.summaryStatement, runUuid(run));
    return row ? toSummary(tenant, row, this.admissionsKnown) : null;
  }

  async list(tenant: TenantId, filter: RunFilter, limit: number, before: RunId | null): Promise<RunPage> {
    const values = listValues(filter, limit, before);
    const rows = await this.ask<SummaryRow & ListBounds>(tenant, this.listStatement, ...values);
    const found = rows.filter(({ run_id: id }: ListBounds) => id !== null);
    const runs = compareEach(found.slice(0, limit), (row) => toSummary(tenant, row, this.listed));
    if (found.length > limit) return { runs, next: runs.at(-1)?.runId ?? null };
    const [bounds] = rows;
    return { runs, next: bounds?.is_cut && bounds.reach !== null ? toRunId(bounds.reach) : null };
  }

  async countByStatus(tenant: TenantId, range: CreatedRange): Promise<readonly StatusCount[]> {
    return statusCounts(await this.ask<CountRow>(tenant, this.countStatement, ...countValues(range)));
  }

  async admission(tenant: TenantId, run: RunId): Promise<Json> {
    const [row] = await this.ask<{ readonly admission: Json }>(tenant, this.admissionStatement, runUuid(run));
    return row?.admission ?? null;
  }

  async original(tenant: TenantId, run: RunId): Promise<RunOriginal | null> {
    const [row] = await this.ask<OriginalRow>(tenant, this.originalStatement, runUuid(run));
    if (!row) return null;
    const { status, head, manifest, files, inputs, initiators, labels } = row;
    const documents = this.documentsOf(tenant, row);
    documents.compareInputs(admissionColumns(tenant, row), inputs);
    const what = misshapenOriginal(row);
    if (what !== null) throw misshapen(tenant, run, what);
    return {
      status,
      documents,
      sourceDigest: row.source_digest as Digest,
      manifest,
      files,
      packSignatures: row.pack_signatures,
      forms: row.forms ?? [],
      inputs,
      initiators,
      labels,
      head: head && toDigest(head),
    };
  }

  async documents(tenant: TenantId, run: RunId): Promise<RunDocuments | null> {
    const [row] = await this.ask<DocumentsRow>(tenant, this.planStatement, runUuid(run));
    return row ? this.documentsOf(tenant, row) : null;
  }

  async approvedBefore(tenant: TenantId, run: RunId, until: number): Promise<EarlierApproval | null> {
    const [row] = await this.ask<DocumentsRow & { readonly gate: string; readonly ended_ms: string }>(
      tenant,
      this.approvedBeforeStatement,
      ...approvedBeforeValues(run, until),
    );
    if (!row) return null;
    const { run_id: id, gate, ended_ms: approvedAt } = row;
    const documents = this.documentsOf(tenant, row);
    if (!isStoredTime(Number(approvedAt))) throw misshapen(tenant, toRunId(id), `the time at which gate ${gate} ended`);
    return { runId: toRunId(id), gate, approvedAt: Number(approvedAt), documents };
  }

  private documentsOf(tenant: TenantId, row: DocumentsRow): RunDocuments {
    const columns = admissionColumns(tenant, row);
    this.admissionsKnown.compare(columns);
    const { plan, profile, environment } = row;
    return this.documentsKnown.of(Object.assign({}, columns, { plan, profile, environment }));
  }

  async stepSource(tenant: TenantId, run: RunId) {
    type Source = { readonly has_rows: boolean; readonly last_seq: number; readonly is_sealed: boolean };
    const [row] = await this.ask<Source>(tenant, this.stepSourceStatement, runUuid(run));
    return { hasRows: row?.has_rows ?? true, lastSeq: row?.last_seq ?? 0, isSealed: row?.is_sealed ?? false };
  }

  async stepRows(
    tenant: TenantId,
    run: RunId,
    filter: { readonly parent?: string; readonly status?: string },
    limit: number,
    after: string | null,
  ): Promise<readonly StepRow[]> {
    const { parent, status = null } = filter;
    const uuid = runUuid(run);
    const rows =
      parent === undefined
        ? await this.ask<StepRecord>(tenant, this.stepsStatement, uuid, status, after, limit)
        : await this.ask<StepRecord>(
            tenant,
            this.childrenStatement,
            uuid,
            parent,
            status,
            after,
            limit,
            placeOf(after),
          );
    return rows.map(toStepRow);
  }

  async countStepRows(tenant: TenantId, run: RunId, parent: string): Promise<ReadonlyMap<string, number>> {
    const rows = await this.ask<{ readonly status: string; readonly count: number }>(
      tenant,
      this.countStepsStatement,
      runUuid(run),
      parent,
    );
    return new Map(rows.map(({ status, count }) => [status, count]));
  }

  async gateStepRows(tenant: TenantId, run: RunId, limit: number, after: string | null): Promise<readonly StepRow[]> {
    const rows = await this.ask<StepRecord>(tenant, this.gateStepsStatement, runUuid(run), limit, after);
    return rows.map(toStepRow);
  }

  async stepRow(tenant: TenantId, run: RunId, step: string): Promise<StepRow | null> {
    const { parent, from, to } = whereabouts(step);
    const [row] = await this.ask<StepRecord>(tenant, this.stepStatement, runUuid(run), step, parent, from, to);
    return row ? toStepRow(row) : null;
  }

  async artifacts(tenant: TenantId, run: RunId): Promise<readonly ArtifactView[]> {
    const rows = await this.ask<ArtifactRecord>(tenant, this.artifactsStatement, runUuid(run));
    return rows.map((row) => toShownArtifact(tenant, run, row));
  }

  async journal(tenant: TenantId, run: RunId, after: number, pages: number): Promise<readonly StoredPage[]> {
    return (await this.ask<StoredPageRow>(tenant, this.journalStatement, runUuid(run), after, pages)).map(toStoredPage);
  }

  async lastPage(tenant: TenantId, run: RunId): Promise<StoredPage | null> {
    const [row] = await this.ask<StoredPageRow>(tenant, this.lastPageStatement, runUuid(run));
    return row ? toStoredPage(row) : null;
  }

  async records(tenant: TenantId, run: RunId): Promise<RunRecords | null> {
    const stored = await this.recordGroups.ask(tenant, runUuid(run));
    if (!stored) return null;
    // Readers of one envelope decode it once.
    const admission = storedAdmission(stored);
    const row = { ...stored, admission };
    const documents = this.documentsOf(tenant, row);
    documents.compareInputs(admissionColumns(tenant, row), row.inputs);
    const what = misshapenRecords(row);
    if (what !== null) throw misshapen(tenant, run, what);
    this.driven?.confirm(tenant, run, row.journal_digest);
    return {
      summary: toSummary(tenant, row, this.admissionsKnown),
      documents,
      manifest: row.manifest,
      files: row.files,
      packSignatures: row.pack_signatures,
      inputs: row.inputs,
      admission,
      gates: row.gates,
      decisions: row.decisions,
      resolutions: row.resolutions,
      releases: row.releases,
      artifacts: row.artifacts.map(toArtifactView),
      audit: { head: row.audit_head && toDigest(row.audit_head), seq: row.audit_seq ?? 0 },
      journalBytes: row.journal_bytes,
    };
  }

  async evidence(
    tenant: TenantId,
    run: RunId,
  ): Promise<{ bundle: Digest; size: number; statements: StatementParts } | null> {
    const [row] = await this.ask<EvidenceRow>(tenant, this.evidenceStatement, runUuid(run));
    if (row?.evidence_digest && toDigest(row.evidence_digest) !== row.bundle)
      throw new DocumentAltered({
        ...{ tenant, runId: run, document: 'evidence', what: 'the place of the evidence' },
        ...{ expected: toDigest(row.evidence_digest), found: row.bundle },
      });
    return row ? { bundle: row.bundle as Digest, size: row.bundle_size, statements: row.statements } : null;
  }

  async tail(runs: readonly { readonly tenant: TenantId; readonly runId: RunId }[]) {
    if (runs.length === 0) return [];
    const rows = await withRetry(() =>
      this.queries.across<TailRow>(this.tailStatement, [
        runs.map(({ tenant }) => tenant),
        runs.map(({ runId }) => runUuid(runId)),
      ]),
    );
    return rows.map((row) => ({
      tenant: row.tenant_id as TenantId,
      runId: toRunId(row.run_id),
      lastSeq: row.last_seq,
      lastLine: row.last_line,
      status: row.status,
      version: row.version,
    }));
  }

  private async ask<Row>(tenant: TenantId, question: Statement, ...values: readonly unknown[]): Promise<Row[]> {
    return withRetry(() => this.queries.inTenant<Row>(tenant, question, [tenant, ...values]));
  }
}

/** The statement for one run. PostgreSQL then opens only the partition of its journal. */
function ofOneRun({ name, text }: Statement): Statement {
  return { name: `${name} single`, text: text.replace('= any ($2::uuid[])', '= ($2::uuid[])[1]') };
}

/** The position that a cursor's name suggests; none for steps that are not items. */
function placeOf(after: string | null): number | null {
  if (after === null) return null;
  const { from, to } = whereabouts(after);
  return from === to ? from : null;
}
