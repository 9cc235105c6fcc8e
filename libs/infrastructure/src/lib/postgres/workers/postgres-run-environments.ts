import { runUuid, toRunId } from '@taskrunner/core/foundation';
import { RunEnvironments } from '@taskrunner/core/ports';
import type { Envelope } from '@taskrunner/core/evidence';
import type { Digest, RunId, TenantId } from '@taskrunner/core/foundation';
import type {
  WorkerSession,
  ParkedKind,
  UnhonouredEnvironment,
  UnhonouredRun,
  WaitingEnvironment,
} from '@taskrunner/core/ports';
import type { Pool } from 'pg';
import { digestBytes, toDigest } from '../encoding/digest-bytes';
import { queryOf, statement, type Statement } from '../connection/statement';

/** Delay before a run is marked as waiting: in this time each living worker has polled the environments. */
const MARK_AFTER_MS = 5_000;

/** Queries of runs by environment, for workers. Callers poll them: a failed query is repeated in the next round. */
export class PostgresRunEnvironments extends RunEnvironments {
  private readonly waitingStatement = statement('waiting-environments');
  private readonly markStatement = statement('mark-unhonoured');
  private readonly unmarkStatement = statement('unmark-unhonoured');
  private readonly countStatement = statement('count-unhonoured');
  private readonly parkedStatement = statement('parked-kinds');
  private readonly wakeStatement = statement('wake-parked');
  private readonly declineStatement = statement('decline-run');

  constructor(
    private readonly pool: Pool,
    private readonly markAfterMs = MARK_AFTER_MS,
  ) {
    super();
  }

  async waiting(known: readonly Digest[]): Promise<readonly WaitingEnvironment[]> {
    const rows = await this.ask<{ digest: Buffer; tenants: string[]; environment: string | null }>(
      this.waitingStatement,
      [known.map(digestBytes)],
    );
    return rows.map(({ digest, tenants, environment }) => {
      return { digest: toDigest(digest), tenants: [...new Set(tenants)] as TenantId[], text: environment };
    });
  }

  async mark({ id }: WorkerSession, unhonoured: readonly UnhonouredEnvironment[]): Promise<readonly UnhonouredRun[]> {
    const pairs = unhonoured.flatMap(({ tenants, ...one }) => tenants.map((tenant) => ({ ...one, tenant })));
    if (pairs.length === 0) return [];
    const rows = await this.ask<{ tenant_id: string; run_id: string; parts: string; since_ms: number }>(
      this.markStatement,
      [
        id,
        pairs.map(({ tenant }) => tenant),
        pairs.map(({ digest }) => digestBytes(digest)),
        pairs.map(({ parts }) => parts),
        this.markAfterMs,
      ],
    );
    return rows.map(({ tenant_id, run_id, parts, since_ms }) => {
      return { tenant: tenant_id as TenantId, runId: toRunId(run_id), parts, since: since_ms };
    });
  }

  async unmark({ id }: WorkerSession): Promise<number> {
    return (await this.ask(this.unmarkStatement, [id])).length;
  }

  async unhonoured(): Promise<readonly { readonly parts: string; readonly runs: number; readonly oldestMs: number }[]> {
    const rows = await this.ask<{ parts: string; runs: number; oldest_ms: number }>(this.countStatement, []);
    return rows.map(({ parts, runs, oldest_ms }) => ({ parts, runs, oldestMs: oldest_ms }));
  }

  async parked(own: readonly Digest[], after: ParkedKind | null): Promise<readonly ParkedKind[]> {
    const rows = await this.ask<ParkedRow>(this.parkedStatement, [
      own.map(digestBytes),
      after?.tenant ?? '',
      after?.contentDigest ?? '',
      after?.profileDigest ?? '',
      after?.signatures ?? '',
    ]);
    return rows.map(({ tenant_id, run_id, content_digest, profile_digest, plan_hash, ...row }) => ({
      ...row,
      tenant: tenant_id as TenantId,
      runId: toRunId(run_id),
      contentDigest: content_digest as Digest,
      profileDigest: profile_digest as Digest,
      planHash: plan_hash as Digest,
    }));
  }

  async wake({ tenant, contentDigest, profileDigest, signatures }: ParkedKind): Promise<number> {
    return (await this.ask(this.wakeStatement, [tenant, contentDigest, profileDigest, signatures])).length;
  }

  async decline({ id }: WorkerSession, tenant: TenantId, run: RunId): Promise<void> {
    await this.ask(this.declineStatement, [tenant, runUuid(run), id]);
  }

  private async ask<Row>(text: Statement, values: readonly unknown[]): Promise<Row[]> {
    return (await this.pool.query(queryOf(text, values))).rows as Row[];
  }
}

interface ParkedRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly content_digest: string;
  readonly profile_digest: string;
  readonly signatures: string;
  readonly plan_hash: string;
  readonly plan: string;
  readonly profile: string;
  readonly environment: string;
  readonly admission: Envelope;
}
