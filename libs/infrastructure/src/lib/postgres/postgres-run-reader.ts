import { RunReader, runUuid, STUCK_REASONS, toRunId } from '@taskrunner/core';
import type {
  ArtifactView,
  Digest,
  Envelope,
  Json,
  JsonObject,
  RunFilter,
  RunId,
  RunOriginal,
  RunRecords,
  RunSummary,
  StatementParts,
  StepRow,
  TenantId,
} from '@taskrunner/core';
import { toDigest } from './digest-bytes';
import type { Queries } from './queries';
import { patiently } from './retry';
import { toArtifactView, toStepRow, toSummary, whereabouts } from './run-rows';
import type { ArtifactRecord, StepRecord, SummaryRow } from './run-rows';
import { plannedEachTime, statement } from './statement';
import type { Statement } from './statement';

interface RecordsRow extends SummaryRow {
  readonly plan: string;
  readonly profile: string;
  readonly environment: string;
  readonly manifest: string;
  readonly files: RunRecords['files'];
  readonly pack_signatures: RunRecords['packSignatures'];
  readonly inputs: Json;
  readonly admission: Envelope;
  readonly gates: RunRecords['gates'];
  readonly decisions: RunRecords['decisions'];
  readonly resolutions: RunRecords['resolutions'];
  readonly releases: RunRecords['releases'];
  readonly artifacts: ArtifactRecord[];
  readonly audit_seq: number | null;
  readonly audit_head: Buffer | null;
  readonly journal_bytes: number;
}

interface OriginalRow extends Pick<RunOriginal, 'status' | 'manifest' | 'files' | 'initiators' | 'labels'> {
  readonly head: Buffer | null;
  readonly plan_hash: string;
  readonly source_digest: string;
  readonly pack_signatures: RunOriginal['packSignatures'];
  readonly inputs: JsonObject;
}

interface TailRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly last_seq: number;
  readonly last_line: number;
  readonly status: string;
  readonly version: number;
}

/** Statuses as stored that may be shown as `cancelling`: the mark of a cancel request lies over them. */
const MAY_BE_CANCELLING = ['queued', 'running', 'waiting', 'cancelling'];

/** Questions of readers; each is one statement within the tenant. */
export class PostgresRunReader extends RunReader {
  private readonly summaryStatement = statement('run-summary');
  private readonly listStatement = plannedEachTime('list-runs');
  private readonly originalStatement = statement('run-original');
  private readonly planStatement = statement('run-plan');
  private readonly approvedBeforeStatement = statement('approved-before');
  private readonly childrenStatement = statement('list-steps');
  private readonly stepsStatement = statement('list-all-steps');
  private readonly gateStepsStatement = statement('list-gate-steps');
  private readonly stepStatement = statement('find-step');
  private readonly artifactsStatement = statement('run-artifacts');
  private readonly recordsStatement = statement('run-records');
  private readonly evidenceStatement = statement('run-evidence');
  private readonly tailStatement = statement('tail');

  constructor(private readonly queries: Queries) {
    super();
  }

  async summary(tenant: TenantId, run: RunId): Promise<RunSummary | null> {
    const [row] = await this.ask<SummaryRow>(tenant, this.summaryStatement, runUuid(run));
    return row ? toSummary(row) : null;
  }

  async list(tenant: TenantId, filter: RunFilter, limit: number, before: RunId | null): Promise<readonly RunSummary[]> {
    const { status = null, pack = null, stuck = null } = filter;
    const stored = status === 'cancelling' ? MAY_BE_CANCELLING : [status];
    const cursor = before && runUuid(before);
    const why = stuck === 'any' ? STUCK_REASONS : stuck && [stuck];
    const values = [status, stored, pack, cursor, limit, why];
    return (await this.ask<SummaryRow>(tenant, this.listStatement, ...values)).map(toSummary);
  }

  async original(tenant: TenantId, run: RunId): Promise<RunOriginal | null> {
    const [row] = await this.ask<OriginalRow>(tenant, this.originalStatement, runUuid(run));
    if (!row) return null;
    const { status, head, manifest, files, inputs, initiators, labels } = row;
    return {
      status,
      planHash: row.plan_hash as Digest,
      sourceDigest: row.source_digest as Digest,
      manifest,
      files,
      packSignatures: row.pack_signatures,
      inputs,
      initiators,
      labels,
      head: head && toDigest(head),
    };
  }

  async plan(
    tenant: TenantId,
    run: RunId,
  ): Promise<{ plan: string; profile: string; environment: string; planHash: Digest } | null> {
    const [row] = await this.ask<{ plan: string; profile: string; environment: string; plan_hash: string }>(
      tenant,
      this.planStatement,
      runUuid(run),
    );
    if (!row) return null;
    const { plan, profile, environment, plan_hash } = row;
    return { plan, profile, environment, planHash: plan_hash as Digest };
  }

  async approvedBefore(tenant: TenantId, run: RunId): Promise<{ runId: RunId; plan: string } | null> {
    const [row] = await this.ask<{ run_id: string; plan: string }>(tenant, this.approvedBeforeStatement, runUuid(run));
    return row ? { runId: toRunId(row.run_id), plan: row.plan } : null;
  }

  async steps(
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

  async gateSteps(tenant: TenantId, run: RunId, limit: number, after: string | null): Promise<readonly StepRow[]> {
    const rows = await this.ask<StepRecord>(tenant, this.gateStepsStatement, runUuid(run), limit, after);
    return rows.map(toStepRow);
  }

  async step(tenant: TenantId, run: RunId, step: string): Promise<StepRow | null> {
    const { parent, from, to } = whereabouts(step);
    const [row] = await this.ask<StepRecord>(tenant, this.stepStatement, runUuid(run), step, parent, from, to);
    return row ? toStepRow(row) : null;
  }

  async artifacts(tenant: TenantId, run: RunId): Promise<readonly ArtifactView[]> {
    return (await this.ask<ArtifactRecord>(tenant, this.artifactsStatement, runUuid(run))).map(toArtifactView);
  }

  async records(tenant: TenantId, run: RunId): Promise<RunRecords | null> {
    const [row] = await this.ask<RecordsRow>(tenant, this.recordsStatement, runUuid(run));
    if (!row) return null;
    return {
      summary: toSummary(row),
      plan: row.plan,
      profile: row.profile,
      environment: row.environment,
      manifest: row.manifest,
      files: row.files,
      packSignatures: row.pack_signatures,
      inputs: row.inputs,
      admission: row.admission,
      gates: row.gates,
      decisions: row.decisions,
      resolutions: row.resolutions,
      releases: row.releases,
      artifacts: row.artifacts.map(toArtifactView),
      audit: { seq: row.audit_seq ?? 0, head: row.audit_head && toDigest(row.audit_head) },
      journalBytes: row.journal_bytes,
    };
  }

  async evidence(
    tenant: TenantId,
    run: RunId,
  ): Promise<{ bundle: Digest; size: number; statements: StatementParts } | null> {
    const [row] = await this.ask<{ bundle: string; bundle_size: number; statements: StatementParts }>(
      tenant,
      this.evidenceStatement,
      runUuid(run),
    );
    return row ? { bundle: row.bundle as Digest, size: row.bundle_size, statements: row.statements } : null;
  }

  async tail(runs: readonly { readonly tenant: TenantId; readonly runId: RunId }[]) {
    if (runs.length === 0) return [];
    const rows = await patiently(() =>
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
    return patiently(() => this.queries.within<Row>(tenant, question, [tenant, ...values]));
  }
}

/** The place that a cursor's name suggests; none for steps that are no items. */
function placeOf(after: string | null): number | null {
  if (after === null) return null;
  const { from, to } = whereabouts(after);
  return from === to ? from : null;
}
