import { runUuid, toRunId, isOver } from '@taskrunner/core/foundation';
import { RunStore } from '@taskrunner/core/ports';
import { canonical } from '@taskrunner/core/canonical';
import type { JsonObject, RunId, TenantId } from '@taskrunner/core/foundation';
import type { Created, NewRun, Posted } from '@taskrunner/core/ports';
import type { InputEventBody } from '@taskrunner/core/run';
import { RequestBatcher } from '../connection/request-batcher';
import type { TenantQueries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { RunStamps, type StampSources } from './run-stamps';
import { alteredMessage, alteredPositions, inboxGuard } from '../encoding/run-rows';
import { isDuplicate } from '../connection/sql-state';
import { statement, type Statement } from '../connection/statement';
import { StoredDocuments } from './stored-documents';
import { createdRows, SubmissionSteps } from './submission-steps';

interface PostedRow {
  readonly position: number | null;
  readonly status: string;
  readonly unread: number;
  readonly known: boolean;
  /** Somebody else has written the message with this key, and no worker reads it. */
  readonly misplaced: boolean;
}

/** The message with the key, if its text is the one that was sent. */
interface KeptMessage {
  readonly position: number;
}

const LIMIT = 1_000;

const MAKES_DUE = { makesDue: true };

/** Maximum number of concurrent groups, and of requests per group. */
const GROUPS = { atOnce: 2, most: 64 };

/**
 * Stores runs and inbox messages, each in one statement. Runs that are submitted while others are being stored are stored together in the
 * next statement, because the commit dominates the cost.
 */
export class PostgresRunStore extends RunStore {
  private readonly steps = new SubmissionSteps();
  private readonly documents = new StoredDocuments();
  private readonly keyStatement = statement('find-idempotency');
  private readonly postStatement = statement('post-message');
  private readonly auditStatement = statement('audit-message');
  private readonly countedStatement = statement('inbox-counted');
  private readonly stamps: RunStamps;
  /** By tenant, because a transaction sees only one tenant. */
  private readonly batchers = new Map<TenantId, RequestBatcher<NewRun, Created | null>>();

  constructor(
    private readonly queries: TenantQueries,
    stamps: StampSources = {},
  ) {
    super();
    this.stamps = new RunStamps(queries, stamps);
  }

  stamp(): Promise<{ at: number; runId: RunId }> {
    return this.stamps.next();
  }

  async create(run: NewRun): Promise<Created> {
    // Stored alone: in a group, the lock on its concurrency group would be held while the other runs are stored.
    const created = run.concurrency === null ? await this.batcherOf(run.tenant).ask(run) : null;
    return created ?? this.createSingly(run, run.concurrency === null);
  }

  private batcherOf(tenant: TenantId): RequestBatcher<NewRun, Created | null> {
    const known = this.batchers.get(tenant);
    if (known) return known;
    // An idle batcher costs little memory. With very many tenants all are discarded and created again.
    if (this.batchers.size >= MAX_BATCHERS) this.batchers.clear();
    const batcher = new RequestBatcher((runs: readonly NewRun[]) => this.createTogether(tenant, runs), GROUPS);
    this.batchers.set(tenant, batcher);
    return batcher;
  }

  /**
   * Stores all runs in one statement. Null for those that must be retried alone, because one was rejected, the answer was lost, or a document
   * was taken for stored that is gone.
   */
  private async createTogether(tenant: TenantId, runs: readonly NewRun[]): Promise<readonly (Created | null)[]> {
    try {
      const [first] = runs;
      const makesDue = runs.length === 1 && first ? first : true;
      const isStored = this.documents.has(tenant, runs);
      const answers = await this.queries.together(tenant, this.steps.of(tenant, runs, isStored), { makesDue });
      const rows = createdRows(answers);
      const created = new Set(rows.map(({ run_id }) => run_id));
      if (created.size === runs.length) this.documents.add(tenant, runs);
      else this.documents.forget(tenant, runs);
      const outcomes = runs.map(async (run): Promise<Created | null> => {
        if (created.has(runUuid(run.runId))) return { kind: 'created', inLine: false };
        return run.idempotency ? this.ownerOfKey(run) : null;
      });
      return await Promise.all(outcomes);
    } catch {
      return runs.map(() => null);
    }
  }

  /** @param mayExist true if the run may already be stored, by a group whose answer was lost. */
  private async createSingly(run: NewRun, mayExist: boolean): Promise<Created> {
    return withRetry(async ({ lost }) => {
      try {
        const answers = await this.queries.together(run.tenant, this.steps.of(run.tenant, [run]), MAKES_DUE);
        const [row] = createdRows(answers);
        if (row) return { kind: 'created', inLine: row.in_line };
      } catch (error) {
        // No other run has this id: a duplicate means that the attempt with the lost answer succeeded.
        if ((lost || mayExist) && isDuplicate(error)) return { kind: 'created', inLine: false };
        const holder = holderOf(error);
        if (holder !== null) return { kind: 'refused', code: 'CONCURRENCY_GROUP_HELD', holder };
        throw error;
      }
      return this.ownerOfKey(run);
    });
  }

  async replayed(tenant: TenantId, idempotency: NonNullable<NewRun['idempotency']>): Promise<RunId | null> {
    const found = await withRetry(() => this.findKey(tenant, idempotency));
    return found?.body_digest === idempotency.bodyDigest ? toRunId(found.run_id) : null;
  }

  private async findKey(tenant: TenantId, { person, route, key }: NonNullable<NewRun['idempotency']>) {
    const values = [tenant, person.iss, person.sub, route, key];
    const rows = await this.queries.inTenant<{ run_id: string; body_digest: string }>(
      tenant,
      this.keyStatement,
      values,
    );
    return rows[0] ?? null;
  }

  private async ownerOfKey({ tenant, runId, idempotency }: NewRun): Promise<Created> {
    if (!idempotency) throw new TypeError('a run without a key was not inserted');
    const { bodyDigest } = idempotency;
    const found = await this.findKey(tenant, idempotency);
    if (!found) throw Object.assign(new Error('the idempotency key went away'), { code: '40001' });
    const first = toRunId(found.run_id);
    if (first === runId) return { kind: 'created', inLine: false };
    if (found.body_digest !== bodyDigest) return { kind: 'refused', code: 'IDEMPOTENCY_KEY_REUSED' };
    return { kind: 'replayed', runId: first };
  }

  async post(tenant: TenantId, run: RunId, input: InputEventBody, dedupe: string, audit?: JsonObject): Promise<Posted> {
    const cancels = input.type === 'run.cancel-requested';
    const text = JSON.stringify(input);
    const message: readonly unknown[] = [tenant, runUuid(run), dedupe, text];
    const steps: [Statement, readonly unknown[]][] = [[this.postStatement, [...message, cancels]]];
    if (audit) steps.push([this.auditStatement, [...message, canonical(audit)]]);
    const { row, own } = await withRetry(async ({ lost }) => {
      const [rows, stored] = await this.queries.together(tenant, steps, MAKES_DUE);
      const [kept] = (stored ?? []) as readonly KeptMessage[];
      // After a lost answer, an equal message may be the one of the earlier attempt, which has its entry.
      return { row: rows?.[0] as PostedRow | undefined, own: lost ? kept : undefined };
    }).catch(inboxGuard({ tenant, runId: run }));
    if (row?.known && row.misplaced) throw alteredMessage(tenant, run, dedupe);
    const outcome: Posted = own ? { kind: 'posted', position: own.position } : outcomeOf(row);
    if (outcome.kind === 'refused' && outcome.code === 'INBOX_FULL') await this.compareCounter(tenant, run);
    return outcome;
  }

  /** Throws `DocumentAltered` if the row of a run counts messages that its inbox does not have. */
  private async compareCounter(tenant: TenantId, run: RunId): Promise<void> {
    const [row] = await withRetry(() =>
      this.queries.inTenant<{ misplaced: boolean }>(tenant, this.countedStatement, [tenant, runUuid(run)]),
    );
    if (row?.misplaced) throw alteredPositions(tenant, run);
  }
}

const MAX_BATCHERS = 10_000;

function outcomeOf(row: PostedRow | undefined): Posted {
  if (!row) return { kind: 'refused', code: 'RUN_NOT_FOUND' };
  if (row.position !== null) return { kind: 'posted', position: row.position };
  if (row.known) return { kind: 'known' };
  if (isOver(row.status)) return { kind: 'refused', code: 'RUN_ENDED' };
  // Not inserted although there was room: a concurrent message with the same dedupe key was inserted first.
  return row.unread >= LIMIT ? { kind: 'refused', code: 'INBOX_FULL' } : { kind: 'known' };
}

/** SQLSTATE raised by `enter_group` if another run holds the group and this run must not wait. The detail is the holder. */
const HELD = 'TR002';

/** The run that holds the requested concurrency group; null for other errors. */
export function holderOf(error: unknown): RunId | null {
  const { code, detail } = error as { readonly code?: unknown; readonly detail?: unknown };
  return code === HELD && typeof detail === 'string' ? toRunId(detail) : null;
}
