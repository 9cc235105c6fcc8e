import { runUuid, toRunId, isOver } from '@taskrunner/core/foundation';
import { RunStore } from '@taskrunner/core/ports';
import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { Created, NewRun, Posted } from '@taskrunner/core/ports';
import type { InputEventBody } from '@taskrunner/core/run';
import { RequestBatcher } from '../connection/request-batcher';
import type { TenantQueries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { RunStamps, type StampSources } from './run-stamps';
import { isDuplicate } from '../connection/sql-state';
import { statement } from '../connection/statement';
import { createdRows, SubmissionSteps } from './submission-steps';

interface PostedRow {
  readonly position: number | null;
  readonly status: string;
  readonly unread: number;
  readonly known: boolean;
}

const LIMIT = 1_000;

/** Groups under way at once, and how many requests one group takes. */
const GROUPS = { atOnce: 2, most: 64 };

/**
 * Runs and inbox messages, each in one statement. What is submitted while others are being stored is stored together, in one statement: a
 * commit is what costs most.
 */
export class PostgresRunStore extends RunStore {
  private readonly steps = new SubmissionSteps();
  private readonly keyStatement = statement('find-idempotency');
  private readonly postStatement = statement('post-message');
  private readonly stamps: RunStamps;
  /** By tenant, since a transaction sees one. */
  private readonly batchers = new Map<TenantId, RequestBatcher<NewRun, Created | null>>();

  /** @param onDue told when something may be due: workers need not wait for their next look. */
  constructor(
    private readonly queries: TenantQueries,
    private readonly onDue: () => void = () => undefined,
    stamps: StampSources = {},
  ) {
    super();
    this.stamps = new RunStamps(queries, stamps);
  }

  stamp(): Promise<{ at: number; runId: RunId }> {
    return this.stamps.next();
  }

  async create(run: NewRun): Promise<Created> {
    // The lock on a concurrency group is not held for the sake of others.
    const created = run.concurrency === null ? await this.batcherOf(run.tenant).ask(run) : null;
    const outcome = created ?? (await this.createSingly(run, run.concurrency === null));
    if (outcome.kind === 'created') this.onDue();
    return outcome;
  }

  private batcherOf(tenant: TenantId): RequestBatcher<NewRun, Created | null> {
    const known = this.batchers.get(tenant);
    if (known) return known;
    // Idle doors cost a few words each; many tenants begin anew.
    if (this.batchers.size >= MAX_BATCHERS) this.batchers.clear();
    const batcher = new RequestBatcher((runs: readonly NewRun[]) => this.createTogether(tenant, runs), GROUPS);
    this.batchers.set(tenant, batcher);
    return batcher;
  }

  /** All in one statement; null for those that have to be tried alone, because one of them was refused, or the answer was lost. */
  private async createTogether(tenant: TenantId, runs: readonly NewRun[]): Promise<readonly (Created | null)[]> {
    try {
      const answers = await this.queries.together(tenant, this.steps.of(tenant, runs));
      const rows = createdRows(answers);
      const created = new Set(rows.map(({ run_id }) => run_id));
      const outcomes = runs.map(async (run): Promise<Created> =>
        created.has(runUuid(run.runId)) ? { kind: 'created', inLine: false } : this.ownerOfKey(run),
      );
      return await Promise.all(outcomes);
    } catch {
      return runs.map(() => null);
    }
  }

  /** @param mayExist it may have been stored before, in a group whose answer was lost. */
  private async createSingly(run: NewRun, mayExist: boolean): Promise<Created> {
    return withRetry(async ({ lost }) => {
      try {
        const answers = await this.queries.together(run.tenant, this.steps.of(run.tenant, [run]));
        const [row] = createdRows(answers);
        if (row) return { kind: 'created', inLine: row.in_line };
      } catch (error) {
        // The id is ours alone: it is there because a lost answer had been a success.
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

  async post(tenant: TenantId, run: RunId, input: InputEventBody, dedupe: string): Promise<Posted> {
    const cancels = input.type === 'run.cancel-requested';
    const [row] = await withRetry(() =>
      this.queries.inTenant<PostedRow>(tenant, this.postStatement, [
        tenant,
        runUuid(run),
        dedupe,
        JSON.stringify(input),
        cancels,
      ]),
    );
    const outcome = outcomeOf(row);
    if (outcome.kind === 'posted') this.onDue();
    return outcome;
  }
}

const MAX_BATCHERS = 10_000;

function outcomeOf(row: PostedRow | undefined): Posted {
  if (!row) return { kind: 'refused', code: 'RUN_NOT_FOUND' };
  if (row.position !== null) return { kind: 'posted', position: row.position };
  if (row.known) return { kind: 'known' };
  if (isOver(row.status)) return { kind: 'refused', code: 'RUN_ENDED' };
  // Not inserted although there was room: a concurrent message with this key came first.
  return row.unread >= LIMIT ? { kind: 'refused', code: 'INBOX_FULL' } : { kind: 'known' };
}

/** Raised by `enter_group`: another run holds the group, and this one would not wait. Its detail is the holder. */
const HELD = 'TR002';

/** The run that holds the group which this statement wanted; null for another error. */
export function holderOf(error: unknown): RunId | null {
  const { code, detail } = error as { readonly code?: unknown; readonly detail?: unknown };
  return code === HELD && typeof detail === 'string' ? toRunId(detail) : null;
}
