import { setImmediate } from 'node:timers/promises';
import type { RunId, TenantId } from '@taskrunner/core/foundation';
import { RunTimings } from '@taskrunner/core/journal';
import type { ArchivedJournals } from '@taskrunner/core/operations';
import type { TimingReader } from '@taskrunner/core/ports';
import { ApiError } from '../problems/problem';

/** Pages of a journal per read. Between two reads others have their turn. */
const PAGES = 64;

/** The timings of one run. Reads are chained: each continues where the one before has ended. */
interface Held {
  timings: RunTimings;
  last: Promise<void>;
}

/**
 * Timings of runs out of their journals. They are kept for the next request, which reads only the pages that were added since. The least
 * recently used ones are dropped when there are more than `most` steps and executions, and read again if needed. Keys contain tenant and
 * run, so that no reader gets data of another tenant.
 */
export class SharedTimings {
  /** The most recently used one last. */
  private readonly held = new Map<string, Held>();

  constructor(
    private readonly reader: Pick<TimingReader, 'entries'>,
    private readonly archived: Pick<ArchivedJournals, 'of'>,
    private readonly most: number,
  ) {}

  /** Steps and executions that are held, of all runs. */
  get size(): number {
    return [...this.held.values()].reduce((sum, { timings }) => sum + timings.size, 0);
  }

  /** The timings of a run up to now. Rejects with `TIMINGS_TOO_LARGE` if the run alone has more than may be held. */
  async of(tenant: TenantId, run: RunId, isSealed: boolean): Promise<RunTimings> {
    const key = `${tenant} ${run}`;
    const held = this.held.get(key) ?? { timings: new RunTimings(), last: Promise.resolve() };
    this.held.delete(key);
    this.held.set(key, held);
    const reading = held.last.then(() => this.read(tenant, run, held.timings, isSealed));
    held.last = reading.catch(() => {});
    try {
      await reading;
    } catch (error) {
      if (this.held.get(key) === held) this.held.delete(key);
      throw error;
    }
    this.evict();
    return held.timings;
  }

  private async read(tenant: TenantId, run: RunId, timings: RunTimings, isSealed: boolean): Promise<void> {
    for (;;) {
      const entries = await this.reader.entries(tenant, run, timings.lastSeq, PAGES);
      for (const entry of entries) timings.take(entry);
      this.check(timings);
      if (entries.length === 0) break;
      await setImmediate();
    }
    if (timings.lastSeq > 0 || !isSealed) return;
    for (const { entries } of await this.archived.of(tenant, run)) for (const entry of entries) timings.take(entry);
    this.check(timings);
  }

  private check({ size }: RunTimings): void {
    if (size > this.most)
      throw new ApiError('TIMINGS_TOO_LARGE', `the run has more than ${this.most} steps and executions`);
  }

  private evict(): void {
    let size = this.size;
    for (const [key, { timings }] of this.held) {
      if (size <= this.most || this.held.size === 1) return;
      this.held.delete(key);
      size -= timings.size;
    }
  }
}
