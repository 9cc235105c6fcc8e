import { setTimeout as delay } from 'node:timers/promises';
import { runUuid } from '@taskrunner/core/foundation';
import { Committer, type Commit, type Committed } from '@taskrunner/core/ports';
import type { Pool } from 'pg';
import { BatchPause } from '../connection/batch-pause';
import { toDigest } from '../encoding/digest-bytes';
import { flushOf } from './flush-statement';
import { flushPart, type FlushPart } from './flush-values';
import { pauseMs } from '../connection/retry';
import { failureOf } from '../connection/sql-state';
import { statement } from '../connection/statement';

/** Bounds of one flush. */
interface CommitterOptions {
  /** Flushes under way at once; the pool should have as many connections. */
  readonly flushes?: number;
  readonly maxRuns?: number;
  /** Characters of text in a flush. */
  readonly maxSize?: number;
  /** Told of each flush that was answered: its runs, and how long it took, milliseconds. */
  readonly onFlushed?: (runs: number, ms: number) => void;
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
 * Group commit (ADR 29). What becomes ready while flushes are under way, or shortly after one of several runs, goes into the next one;
 * a run has at most one commit under way. A flush ends in one of four ways:
 *
 * - answered: runs that it returned are committed, the others wrote nothing and learn why from where they stand;
 * - passing failure (deadlock, restart, lost connection): the same statement is sent again, for as long as it takes. If the
 *   first one was executed after all, the guard refuses the second, and the run's head shows whose page it has;
 * - refused data: halved until the guilty run stands alone; the others commit;
 * - anything else is a fault of the installation: the callers get the error.
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
  private active = 0;
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
  }

  async commit(commit: Commit): Promise<Committed> {
    if (this.closed) throw new Error('the committer is closed');
    let part: FlushPart;
    try {
      part = flushPart(commit);
    } catch (error) {
      return { kind: 'refused', message: (error as Error).message };
    }
    return new Promise((settle, fail) => {
      this.waiting.push({ commit, part, settle, fail });
      this.pump();
    });
  }

  /** No more commits; those under way are tried once more and then fail. */
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
          for (const { fail } of batch) fail(error);
        })
        .finally(() => {
          for (const { commit } of batch) this.underWay.delete(keyOf(commit));
          this.active--;
          this.pump();
        });
    }
  }

  /** What goes into the next flush, in the order in which runs are locked. */
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
    for (let round = 0; ; round++) {
      try {
        const missing = await this.send(batch);
        const again = missing.length > 0 ? await this.explain(missing) : [];
        if (again.length === 0) return;
        batch = again;
      } catch (error) {
        const failure = failureOf(error);
        if (failure === 'data') return this.halve(batch, error as Error);
        if (failure === 'fault' || this.closed) throw error;
      }
      await delay(pauseMs(round));
    }
  }

  /** Sends one flush; those that it did not return come back. */
  private async send(batch: readonly Pending[]): Promise<Pending[]> {
    const flush = flushOf(batch.map(({ part }) => part));
    const sent = performance.now();
    const { rows } = await this.pool.query<{ i: number }>({ ...flush, values: [...flush.values] });
    this.onFlushed(batch.length, performance.now() - sent);
    const owned = new Set(rows.map(({ i }) => i - 1));
    for (const index of owned) batch[index]?.settle({ kind: 'committed' });
    return batch.filter((_, index) => !owned.has(index));
  }

  /** Tells each run that was not returned where it stands; those that hold all they need are sent again. */
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

/** Null: our fence, our position, no inbox messages: nothing was in the way, or no longer is. */
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
