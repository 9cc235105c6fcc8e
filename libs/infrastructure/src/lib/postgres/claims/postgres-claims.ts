import { canonical } from '@taskrunner/core/canonical';
import { CLOCK_STEP_MS, runUuid, storableText, toRunId } from '@taskrunner/core/foundation';
import { Claims } from '@taskrunner/core/ports';
import type { Envelope } from '@taskrunner/core/evidence';
import type { Digest, Json, RunId, TenantId } from '@taskrunner/core/foundation';
import type {
  ClaimedRun,
  InboxMessage,
  RunName,
  StoredPage,
  SealedInput,
  StoredRows,
  WorkerDescription,
  WorkerSession,
} from '@taskrunner/core/ports';
import type { Pool } from 'pg';
import {
  CRASHES_TO_POISON,
  CRASHES_TO_QUARANTINE,
  lastServedOf,
  toClaimedRun,
  toDrivenPage,
  toInboxMessage,
  toPage,
  toResumed,
} from './claimed-run';
import type { ClaimedRow, InboxRow, PageRow, ResumedRow, RunPositionRow } from './claimed-run';
import type { DatabaseClock } from '../connection/database-clock';
import type { DrivenPages } from '../flush/driven-pages';
import { digestBytes, toDigest } from '../encoding/digest-bytes';
import type { ClaimsWatch, HealedTimes, LostWorker } from './claims-watch';
import { DocumentCache } from './document-cache';
import { LostClaims } from './lost-claims';
import { AS_LONG_AS_IT_TAKES, withRetry } from '../connection/retry';
import { queryOf, statement, type Statement } from '../connection/statement';

const SWEEP_EVERY_MS = 1_000;
const SWEEP_SIZE = 500;
/** Only a row that somebody has altered names a run that does not hold its group. */
const GROUPS_EVERY_MS = 60_000;
const LEASE_MS = 8_000;

/**
 * Leases per worker session, measured by the database's clock; claims that are fair across tenants; the sweep that frees runs of dead
 * workers. `renew` is meant for a thread with a connection of its own: the state that decides about sweeping is on the worker's row, not in
 * this object.
 */
export class PostgresClaims extends Claims {
  private readonly registerStatement = statement('register-worker');
  private readonly describeStatement = statement('describe-worker');
  private readonly unservedStatement = statement('claim-unserved');
  private readonly passStatement = statement('pass-run');
  private readonly placeStatement = statement('mark-unplaced');
  private readonly groupsStatement = statement('pass-on-groups');
  private readonly renewStatement = statement('renew-lease');
  private readonly healStatement = statement('heal-times');
  private readonly markStatement = statement('mark-dead');
  private readonly freeStatement = statement('free-runs');
  private readonly freeAssignmentsStatement = statement('free-assignments');
  private readonly forgetStatement = statement('forget-dead');
  private readonly claimStatement = statement('claim-runs');
  private readonly claimNamedStatement = claimNamed();
  private readonly inboxPositionsStatement = statement('inbox-positions');
  private readonly pagesStatement = statement('read-pages');
  private readonly admissionStatement = statement('read-admission');
  private readonly inboxStatement = statement('read-inbox');
  private readonly positionsStatement = statement('run-positions');
  private readonly rowsStatement = statement('run-rows');
  private readonly sensitiveStatement = statement('read-sensitive-inputs');
  private readonly resumeStatement = statement('resume-run');
  private readonly haltStatement = statement('halt-run');
  private readonly releaseStatement = statement('release-run');
  private readonly beginIsolatedStatement = statement('begin-isolated');
  private readonly markPoisonedStatement = statement('mark-run-poisoned');
  private readonly retireStatement = statement('retire-worker');
  private readonly unclaimStatement = statement('unclaim-lost');
  private readonly texts = new DocumentCache();
  private lastServed = '';
  private readonly lost = new LostClaims();
  private sweptAt = -Infinity;
  private groupsAt = -Infinity;
  private healedAfter = -1;

  constructor(
    private readonly pool: Pool,
    private readonly clock: DatabaseClock,
    private readonly leaseMs = LEASE_MS,
    private readonly watch: ClaimsWatch = {},
    /** Pages of runs that this process has driven; null: it drives none. */
    private readonly driven: DrivenPages | null = null,
  ) {
    super();
  }

  async register(worker: WorkerDescription): Promise<WorkerSession> {
    const rows = await withRetry(() =>
      this.ask<{ worker_id: string }>(this.registerStatement, [
        worker.name,
        worker.version,
        worker.build,
        worker.probe,
        worker.isolations.join(' '),
        worker.environments.map(digestBytes),
        [...worker.labels],
        this.leaseMs,
        worker.slots ?? null,
      ]),
    );
    if (!rows[0]) throw new TypeError('not registered');
    return { id: rows[0].worker_id, leaseMs: this.leaseMs };
  }

  async describe({ id }: WorkerSession, { probe, isolations, environments }: WorkerDescription): Promise<void> {
    const values = [id, probe, isolations.join(' '), environments.map(digestBytes)];
    await withRetry(() => this.ask(this.describeStatement, values));
  }

  /** Not retried: the caller renews again soon, and measures its deadline from when it *sent* the last answered renewal. */
  async renew(workerSession: WorkerSession): Promise<{ held: boolean; at: number }> {
    const sent = this.clock.mark();
    const [row] = await this.ask<{ held: boolean; at_ms: number }>(this.renewStatement, [
      workerSession.id,
      workerSession.leaseMs,
    ]);
    if (!row) throw new TypeError('no answer');
    this.clock.observe(row.at_ms, sent);
    return { held: row.held, at: row.at_ms };
  }

  async sweep(workerSession: WorkerSession): Promise<number> {
    const now = performance.now();
    if (now - this.sweptAt < SWEEP_EVERY_MS) return 0;
    this.sweptAt = now;
    await this.healTimes();
    const [marked] = await this.ask<{ may_sweep: boolean; dead: LostWorker[] }>(this.markStatement, [workerSession.id]);
    if (!marked?.may_sweep) return 0;
    if (marked.dead.length > 0) this.watch.onWorkersLost?.(marked.dead);
    let total = 0;
    for (let freed = SWEEP_SIZE; freed === SWEEP_SIZE; total += freed) {
      freed = (await this.ask<{ freed: number }>(this.freeStatement, [CRASHES_TO_QUARANTINE]))[0]?.freed ?? 0;
    }
    if (total > 0) this.watch.onTakenOver?.(total);
    for (let freed = SWEEP_SIZE; freed === SWEEP_SIZE;)
      freed = (await this.ask<{ freed: number }>(this.freeAssignmentsStatement, []))[0]?.freed ?? 0;
    await this.ask(this.forgetStatement, []);
    await this.ask(this.placeStatement, []);
    await this.passOnGroups(now);
    return total;
  }

  private async passOnGroups(now: number): Promise<void> {
    if (now - this.groupsAt < GROUPS_EVERY_MS) return;
    const [row] = await this.ask<{ passed: number }>(this.groupsStatement, [SWEEP_SIZE]);
    this.groupsAt = now;
    if (row && row.passed > 0) this.watch.onGroupsPassedOn?.(row.passed);
  }

  /** Runs at the start, and whenever the clock was set back. A second process finds nothing left to correct. */
  private async healTimes(): Promise<void> {
    const { timesSetBack } = this.clock;
    if (timesSetBack === this.healedAfter) return;
    for (let more = true; more;) {
      const [healed] = await this.ask<HealedTimes>(this.healStatement, [CLOCK_STEP_MS]);
      if (!healed) throw new TypeError('no answer');
      const { runs, items, deliveries, leases } = healed;
      if (runs + items + deliveries + leases > 0) this.watch.onHealed?.(healed);
      more = Math.max(runs, items, deliveries) === SWEEP_SIZE;
    }
    this.healedAfter = timesSetBack;
  }

  async claim(workerSession: WorkerSession, free: number): Promise<readonly ClaimedRun[]> {
    if (free < 1) return [];
    return this.numbered(workerSession, async (number) => {
      const { planHashes, profileDigests, complete } = this.texts.asOfNow();
      const values = [workerSession.id, free, this.lastServed, number, planHashes, profileDigests];
      const rows = (await this.ask<ClaimedRow>(this.claimStatement, values)).map((row) => complete(row));
      this.lastServed = lastServedOf(rows.map((row) => row.tenant_id)) ?? this.lastServed;
      for (const { waited_ms } of rows) this.watch.onClaimed?.(waited_ms);
      return rows;
    });
  }

  async claimNamed(workerSession: WorkerSession, { tenant, runId }: RunName): Promise<ClaimedRun | null> {
    const [claimed] = await this.numbered(workerSession, async (number) => {
      const { planHashes, profileDigests, complete } = this.texts.asOfNow();
      const values = [workerSession.id, tenant, runUuid(runId), number, planHashes, profileDigests];
      const rows = (await this.ask<ClaimedRow>(this.claimNamedStatement, values)).map((row) => complete(row));
      for (const { waited_ms } of rows) this.watch.onClaimed?.(waited_ms);
      return rows;
    });
    return claimed ?? null;
  }

  async claimUnserved(
    workerSession: WorkerSession,
    waitMs: number,
    sealed: { readonly isolations: readonly string[]; readonly waitMs: number },
    free: number,
  ): Promise<readonly ClaimedRun[]> {
    if (free < 1) return [];
    const values = [workerSession.id, free, sealed.waitMs, [...sealed.isolations], waitMs];
    return this.numbered(workerSession, (number) => this.ask<ClaimedRow>(this.unservedStatement, [...values, number]));
  }

  async pass(run: ClaimedRun, parts: string, keep: boolean): Promise<boolean> {
    const values = [run.tenant, runUuid(run.runId), run.fence, parts, keep];
    const [row] = await untilAnswered(() => this.ask<{ passed: boolean }>(this.passStatement, values));
    return row?.passed ?? true;
  }

  private async numbered(
    { id }: WorkerSession,
    claim: (number: number) => Promise<readonly ClaimedRow[]>,
  ): Promise<readonly ClaimedRun[]> {
    const release = (numbers: readonly number[]) => this.ask(this.unclaimStatement, [id, numbers]);
    return (await this.lost.numbered(release, claim)).map(toClaimedRun);
  }

  async admission(tenant: TenantId, run: RunId): Promise<Envelope | null> {
    const rows = await withRetry(() =>
      this.ask<{ admission: Envelope }>(this.admissionStatement, [tenant, runUuid(run)]),
    );
    return rows[0]?.admission ?? null;
  }

  async pages(
    tenant: TenantId,
    run: RunId,
    afterSeq: number,
    limit: number | null = null,
  ): Promise<readonly StoredPage[]> {
    const known = afterSeq === 0 && limit === null ? this.driven?.take(tenant, run) : null;
    if (known) return known.map(toDrivenPage);
    const values = [tenant, runUuid(run), afterSeq, limit];
    const rows = await untilAnswered(() => this.ask<PageRow>(this.pagesStatement, values));
    return rows.map(toPage);
  }

  async inboxMessages(tenant: TenantId, run: RunId, seen: number): Promise<readonly InboxMessage[]> {
    const rows = await untilAnswered(() => this.ask<InboxRow>(this.inboxStatement, [tenant, runUuid(run), seen]));
    return rows.map(toInboxMessage);
  }

  async inboxPositions(
    workerSession: WorkerSession,
  ): Promise<readonly { tenant: TenantId; runId: RunId; inbox: number }[]> {
    const rows = await this.ask<{ tenant_id: string; run_id: string; inbox_seq: number }>(
      this.inboxPositionsStatement,
      [workerSession.id],
    );
    return rows.map((row) => ({
      tenant: row.tenant_id as TenantId,
      runId: toRunId(row.run_id),
      inbox: row.inbox_seq,
    }));
  }

  async journalPosition(
    tenant: TenantId,
    run: RunId,
  ): Promise<{ fence: number; lastSeq: number; head: Digest | null } | null> {
    const [row] = await untilAnswered(() =>
      this.ask<RunPositionRow>(this.positionsStatement, [[tenant], [runUuid(run)]]),
    );
    return row ? { fence: row.fence, lastSeq: row.last_seq, head: row.head && toDigest(row.head) } : null;
  }

  async rows(tenant: TenantId, run: RunId) {
    const [row] = await untilAnswered(() => this.ask<StoredRows>(this.rowsStatement, [tenant, runUuid(run)]));
    return row ?? { areStepsJournaled: false, steps: [], gates: [] };
  }

  async sensitiveInputs(tenant: TenantId, run: RunId): Promise<readonly SealedInput[]> {
    const rows = await untilAnswered(() =>
      this.ask<{ name: string; sealed: Buffer }>(this.sensitiveStatement, [tenant, runUuid(run)]),
    );
    return rows.map(({ name, sealed }) => ({ name, sealed: new Uint8Array(sealed) }));
  }

  async halt(run: ClaimedRun, code: string, reason: string): Promise<boolean> {
    // A reason can quote the text on which the engine failed.
    const detail = storableText(reason);
    const [row] = await untilAnswered(() =>
      this.ask<{ halted: boolean }>(this.haltStatement, [
        run.tenant,
        runUuid(run.runId),
        run.fence,
        JSON.stringify({ code, message: detail }),
        canonical({ type: 'run.halted', runId: run.runId, code, detail }),
      ]),
    );
    return row?.halted ?? false;
  }

  async release(run: ClaimedRun, waits: Json | null): Promise<void> {
    const shown = waits === null ? null : JSON.stringify(waits);
    await withRetry(() => this.ask(this.releaseStatement, [run.tenant, runUuid(run.runId), run.fence, shown]));
  }

  async beginIsolated(run: ClaimedRun): Promise<boolean> {
    const values = [run.tenant, runUuid(run.runId), run.fence];
    return (await untilAnswered(() => this.ask(this.beginIsolatedStatement, values))).length > 0;
  }

  async markPoisoned(run: ClaimedRun): Promise<void> {
    await withRetry(() =>
      this.ask(this.markPoisonedStatement, [run.tenant, runUuid(run.runId), run.fence, CRASHES_TO_POISON]),
    );
  }

  async retire(workerSession: WorkerSession): Promise<void> {
    await withRetry(() => this.ask(this.retireStatement, [workerSession.id]));
  }

  async resume(workerSession: WorkerSession, run: ClaimedRun): Promise<ClaimedRun | null> {
    const values = [run.tenant, runUuid(run.runId), run.fence, workerSession.id];
    const [row] = await untilAnswered(() => this.ask<ResumedRow>(this.resumeStatement, values));
    return row ? { ...run, ...toResumed(row) } : null;
  }

  private async ask<Row>(text: Statement, values: readonly unknown[]): Promise<Row[]> {
    return (await this.pool.query(queryOf(text, values))).rows as Row[];
  }
}

/** Retries a driver's query until it is answered: releasing the run would only move the same query to another worker. */
function untilAnswered<Result>(ask: () => Promise<Result>): Promise<Result> {
  return withRetry(ask, AS_LONG_AS_IT_TAKES);
}

const CHOSEN = '\n), claimed as (';
const OF_EACH = 'j.tenant_id = c.tenant_id and j.run_id = c.run_id';

/** `claim-named` chooses the run, and all that follows the choice in `claim-runs` is the same. Of one run, one part of the journal is opened. */
function claimNamed(): Statement {
  const { name, text } = statement('claim-named');
  const [, claimed] = statement('claim-runs').text.split(CHOSEN);
  if (!claimed?.includes(OF_EACH))
    throw new TypeError('claim-runs.sql has no part that claim-named.sql continues with');
  const rest = claimed.replace(OF_EACH, 'j.tenant_id = $2 and j.run_id = $3');
  return { name, text: `${text.trimEnd()}${CHOSEN}${rest}` };
}
