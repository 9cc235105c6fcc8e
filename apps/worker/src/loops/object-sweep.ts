import { isCodedError } from '@taskrunner/core/foundation';
import { collectObjects, pause, type CollectDependencies } from '@taskrunner/core/operations';
import { FailureLog, reasonOf } from '../reporting/failure-log';
import type { WorkerLog } from '../reporting/worker-log';
import { UPKEEP_AFTER_MS } from './upkeep-start';

/** Maximum pause before it asks again for due tenants, milliseconds. */
const ASK_MS = 60_000;

/**
 * Deletes from the object store what is not needed: objects without a reference, and remains of interrupted writers. Several workers share
 * the tenants. An outage of database or store only delays it.
 */
export class ObjectSweep {
  private readonly stopping = new AbortController();
  private loop: Promise<void> | null = null;
  private sweptAt = -Infinity;

  constructor(
    private readonly dependencies: CollectDependencies,
    private readonly log: WorkerLog,
    /** True while the store is unavailable and need not be asked. */
    private readonly isAway: () => boolean = () => false,
  ) {}

  /** Continues through all sessions of its worker. */
  start(): void {
    this.loop ??= this.sweepForever();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async sweepForever(): Promise<void> {
    const { signal } = this.stopping;
    const failures = new FailureLog(this.log, { failed: 'sweep.failed', works: 'sweep.works-again' });
    await pause(UPKEEP_AFTER_MS, signal);
    while (!signal.aborted) {
      try {
        if (!this.isAway()) {
          await this.sweepOnce();
          failures.works();
        }
      } catch (error) {
        const reason = reasonOf(error);
        failures.failed(reason, { code: isCodedError(error) ? error.code : null, reason });
      }
      await pause(Math.min(ASK_MS, this.dependencies.intervalMs), signal);
    }
  }

  private async sweepOnce(): Promise<void> {
    const { store, references, graceMs, intervalMs, monotonicMs } = this.dependencies;
    if (monotonicMs() - this.sweptAt >= intervalMs) {
      const leftovers = await store.sweep(graceMs);
      await references.enrol(await store.tenants());
      this.sweptAt = monotonicMs();
      if (leftovers > 0) this.log.say('info', 'sweep.leftovers', { count: leftovers });
    }
    for (;;) {
      const done = await collectObjects(this.dependencies, this.stopping.signal);
      if (done === null || this.stopping.signal.aborted) return;
      if (done.collected > 0 || done.uploads > 0) this.log.say('info', 'sweep.collected', { ...done });
    }
  }
}
