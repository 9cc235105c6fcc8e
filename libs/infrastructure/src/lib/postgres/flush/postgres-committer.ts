import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { runUuid } from '@taskrunner/core/foundation';
import { Committer, type Commit, type Committed } from '@taskrunner/core/ports';
import type { Pool } from 'pg';
import { BatchPause } from '../connection/batch-pause';
import { toDigest } from '../encoding/digest-bytes';
import { uuidV7 } from '../encoding/uuid-v7';
import { flushOf } from './flush-statement';
import type { DrivenPages } from './driven-pages';
import type { EndedRuns } from './ended-runs';
import { flushPart, type FlushPart } from './flush-values';
import { pauseMs } from '../connection/retry';
import { failureOf } from '../connection/sql-state';
import { queryOf, statement } from '../connection/statement';

/** Hears of flushes that fail and are repeated until they succeed, which can take as long as an outage does. */
export interface CommitFailures {
  /** Called for each failure of a flush, from its second one: a first one is often over when it is repeated. */
  failed(error: unknown): void;
  /** Called when no flush fails any more. */
  recovered(): void;
}

/** Limits of one flush. */
interface CommitterOptions {
  /** Concurrent flushes. The pool should have as many connections. */
  readonly flushes?: number;
  readonly maxRuns?: number;
  /** Maximum size of a flush (`FlushPart.size`). A larger commit is sent on its own. */
  readonly maxSize?: number;
  /** Called after each flush with the number of its runs and its duration in milliseconds. */
  readonly onFlushed?: (runs: number, ms: number) => void;
  readonly failures?: CommitFailures;
  /** Hears of committed pages. */
  readonly driven?: DrivenPages;
  /** Told of the runs whose end is committed. */
  readonly ended?: EndedRuns;
  /** The time of the database, milliseconds since the epoch; for ids. */
  readonly now?: () => number;
}

interface Pending {
  readonly commit: Commit;
  readonly part: FlushPart;
  readonly settle: (outcome: Committed) => void;
  readonly fail: (error: unknown) => void;
}

interface CommitPosition {
  readonly i: number;
  readonly fence: number;
  readonly last_seq: number;
  readonly head: Buffer | null;
  readonly inbox_seq: number;
  readonly owned: boolean;
}

/**
 * Group commit (ADR 29). Commits that become ready while flushes are active, or shortly after a flush of several runs, share the next one.
 * A run has at most one pending commit. A flush has four outcomes:
 *
 * - success: the returned runs are committed. The others wrote nothing, and their positions give the reason;
 * - a transient failure (deadlock, restart, lost connection): the same statement is sent again without a limit. If the first one was
 *   executed, the guard refuses the second, and the run's head identifies the committed page;
 * - rejected data: the batch is halved until the faulty run is isolated. The others are committed;
 * - any other error is a fault of the installation and is passed to the callers.
 */
export class PostgresCommitter extends Committer {
  private readonly positionsStatement = statement('run-positions');
  private readonly flushes: number;
  private readonly maxRuns: number;
  private readonly maxSize: number;
  private readonly onFlushed: (runs: number, ms: number) => void;
  private waiting: Pending[] = [];
  private readonly underWay = new Set<string>();
  private readonly pause = new BatchPause(() => this.pump());
  private readonly failures: CommitFailures | null;
  private readonly driven: DrivenPages | null;
  private readonly ended: EndedRuns | null;
  private readonly newId: () => string;
  private active = 0;
  /** Flushes that have failed repeatedly and are repeated. */
  private failing = 0;
  private closed = false;

  constructor(
    private readonly pool: Pool,
    options: CommitterOptions = {},
  ) {
    super();
    this.flushes = options.flushes ?? 2;
    this.maxRuns = options.maxRuns ?? 256;
    this.maxSize = options.maxSize ?? 8 * 1024 * 1024;
    this.onFlushed = options.onFlushed ?? (() => undefined);
    this.failures = options.failures ?? null;
    this.driven = options.driven ?? null;
    this.ended = options.ended ?? null;
    const now = options.now ?? Date.now;
    this.newId = () => uuidV7(now(), 0, randomUUID());
  }

  async commit(commit: Commit): Promise<Committed> {
    if (this.closed) throw new Error('the committer is closed');
    let part: FlushPart;
    try {
      part = flushPart(commit, this.newId);
    } catch (error) {
      return { kind: 'refused', message: (error as Error).message };
    }
    const since = performance.now();
    return new Promise((resolve, fail) => {
      const settle = (outcome: Committed): void => {
        if (outcome.kind === 'committed') {
          this.driven?.committed(commit, part.texts, part.content);
          if (part.itemId !== null) this.ended?.committed(commit, part.itemId, since);
        }
        resolve(outcome);
      };
      this.waiting.push({ commit, part, settle, fail });
      this.pump();
    });
  }

  /** Accepts no more commits. Those that wait for a flush fail; flushes that have begun go on. */
  close(): void {
    this.closed = true;
    const left = this.waiting;
    this.waiting = [];
    for (const { fail } of left) fail(new Error('the committer is closed'));
  }

  private pump(): void {
    while (this.active < this.flushes && this.waiting.length > 0) {
      if (this.pause.holds(this.waiting.length)) return;
      const batch = this.take();
      if (batch.length === 0) return;
      this.active++;
      this.pause.sent(batch.length);
      void this.flush(batch)
        .catch((error: unknown) => {
          for (const { commit, fail } of batch) {
            this.driven?.forget(commit.tenant, commit.runId);
            fail(error);
          }
        })
        .finally(() => {
          for (const { commit } of batch) this.underWay.delete(keyOf(commit));
          this.active--;
          this.pause.ended(batch.length);
          this.pump();
        });
    }
  }

  /** The commits of the next flush, in the order in which runs are locked. */
  private take(): Pending[] {
    const batch: Pending[] = [];
    const later: Pending[] = [];
    let size = 0;
    for (const pending of this.waiting) {
      const key = keyOf(pending.commit);
      const full = batch.length >= this.maxRuns || (batch.length > 0 && size + pending.part.size > this.maxSize);
      if (full || this.underWay.has(key)) {
        later.push(pending);
        continue;
      }
      this.underWay.add(key);
      size += pending.part.size;
      batch.push(pending);
    }
    this.waiting = later;
    return batch.sort((left, right) => (keyOf(left.commit) < keyOf(right.commit) ? -1 : 1));
  }

  private async flush(batch: readonly Pending[]): Promise<void> {
    const repeated = this.repeatedFailures();
    for (let round = 0; ; round++) {
      try {
        const missing = await this.send(batch);
        repeated.end(true);
        const again = missing.length > 0 ? await this.explain(missing) : [];
        if (again.length === 0) return;
        batch = again;
      } catch (error) {
        const failure = failureOf(error);
        const isAnswered = failure === 'data';
        if (isAnswered || failure === 'fault' || this.closed) repeated.end(isAnswered);
        if (isAnswered) return this.halve(batch, error as Error);
        if (failure === 'fault' || this.closed) throw error;
        repeated.note(error);
      }
      await delay(pauseMs(round));
    }
  }

  /** Counts the failures of one flush that is repeated. */
  private repeatedFailures(): { note(error: unknown): void; end(isAnswered: boolean): void } {
    let count = 0;
    return {
      note: (error) => {
        if (++count < 2) return;
        if (count === 2) this.failing++;
        this.failures?.failed(error);
      },
      end: (isAnswered) => {
        if (count > 1) this.failing--;
        if (count > 1 && this.failing === 0 && isAnswered) this.failures?.recovered();
        count = 0;
      },
    };
  }

  /** Sends one flush. Returns the commits that it did not write. */
  private async send(batch: readonly Pending[]): Promise<Pending[]> {
    const flush = flushOf(batch.map(({ part }) => part));
    const sent = performance.now();
    const { rows } = await this.pool.query<{ i: number }>(queryOf(flush, flush.values));
    this.onFlushed(batch.length, performance.now() - sent);
    const owned = new Set(rows.map(({ i }) => i - 1));
    for (const index of owned) batch[index]?.settle({ kind: 'committed' });
    return batch.filter((_, index) => !owned.has(index));
  }

  /** Settles each run that was not returned, by its position. Returns those that can be sent again. */
  private async explain(missing: readonly Pending[]): Promise<Pending[]> {
    const { rows } = await this.pool.query<CommitPosition>({
      ...this.positionsStatement,
      values: [missing.map(({ commit }) => commit.tenant), missing.map(({ commit }) => runUuid(commit.runId))],
    });
    const positions = new Map(rows.map((row) => [row.i - 1, row]));
    return missing.filter(({ commit, settle }, index) => {
      const outcome = outcomeOf(commit, positions.get(index));
      if (outcome) settle(outcome);
      return outcome === null;
    });
  }

  private async halve(batch: readonly Pending[], error: Error): Promise<void> {
    const [first] = batch;
    if (batch.length === 1 && first) return first.settle({ kind: 'refused', message: error.message });
    const middle = Math.ceil(batch.length / 2);
    await this.flush(batch.slice(0, middle));
    await this.flush(batch.slice(middle));
  }
}

/** Null if fence and position match and no message blocks the run: the commit can be sent again. */
function outcomeOf(commit: Commit, position: CommitPosition | undefined): Committed | null {
  if (!position) return { kind: 'claim-lost' };
  if (position.head && toDigest(position.head) === commit.page.hash) return { kind: 'committed' };
  if (!position.owned || position.fence !== commit.fence || position.last_seq !== commit.prevSeq) {
    return { kind: 'claim-lost' };
  }
  return commit.closes && position.inbox_seq !== commit.seen ? { kind: 'letters' } : null;
}

function keyOf({ tenant, runId }: Commit): string {
  return `${tenant}/${runId}`;
}
