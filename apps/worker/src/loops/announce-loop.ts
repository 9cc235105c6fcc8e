import { deliverWebhook, AskingPause, type DeliverWebhookDependencies } from '@taskrunner/core/operations';
import type { DueAnnouncement } from '@taskrunner/core/ports';
import { FailureLog, reasonOf } from '../reporting/failure-log';
import type { WorkerLog } from '../reporting/worker-log';
import { UPKEEP_AFTER_MS } from './upkeep-start';

interface AnnounceLoopOptions {
  /** Pause when nothing is due, milliseconds. */
  readonly intervalMs: number;
  /** Time after which another worker may take up a try, milliseconds: longer than a try. */
  readonly leaseMs: number;
}

/** Maximum number of messages in progress, in all and per endpoint. An endpoint that does not answer blocks no other. */
const AT_ONCE = 32;
const AT_ONE_ENDPOINT = 8;

/** Delivers announcements of runs until it is stopped. Several workers may do so concurrently. */
export class AnnounceLoop {
  private stopping = false;
  private readonly idle = new AskingPause();
  private loop: Promise<void> = Promise.resolve();
  private readonly underWay = new Map<Promise<void>, string>();

  constructor(
    private readonly dependencies: DeliverWebhookDependencies,
    private readonly log: WorkerLog,
    private readonly options: AnnounceLoopOptions,
  ) {}

  start(): void {
    this.stopping = false;
    this.loop = this.deliverForever();
  }

  /** Resolves when the messages in progress were answered or have timed out. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.idle.wake();
    await this.loop;
    await Promise.all(this.underWay.keys());
  }

  private async deliverForever(): Promise<void> {
    const failures = new FailureLog(this.log, { failed: 'announce.failed', works: 'announce.works-again' });
    await this.idle.of(UPKEEP_AFTER_MS);
    while (!this.stopping) {
      let taken = 0;
      try {
        taken = await this.takeDue();
        failures.works();
      } catch (error) {
        failures.failed(reasonOf(error), { error });
      }
      if (taken === 0) await this.idle.of(this.options.intervalMs);
    }
  }

  private async takeDue(): Promise<number> {
    const limit = AT_ONCE - this.underWay.size;
    if (limit === 0) return 0;
    const { leaseMs } = this.options;
    await this.dependencies.announcements.addressToEndpoints(this.dependencies.endpoints);
    const busy = this.busyStreams();
    const items = await this.dependencies.announcements.take({ limit, perStream: AT_ONE_ENDPOINT, busy, leaseMs });
    for (const item of items) {
      const delivery = this.deliverOne(item).finally(() => {
        this.underWay.delete(delivery);
        this.idle.wake();
      });
      this.underWay.set(delivery, item.stream);
    }
    return items.length;
  }

  private busyStreams(): readonly string[] {
    const counts = new Map<string, number>();
    for (const stream of this.underWay.values()) counts.set(stream, (counts.get(stream) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= AT_ONE_ENDPOINT).map(([stream]) => stream);
  }

  private async deliverOne(item: DueAnnouncement): Promise<void> {
    const { runId, tenant, stream, announcement, tries } = item;
    // Somebody else may have written the row.
    const { type } = (announcement as typeof announcement | null) ?? { type: null };
    const about = { runId, tenant, stream, type, tries };
    try {
      const outcome = await deliverWebhook(this.dependencies, item);
      const isLost = outcome.kind === 'given-up' || outcome.kind === 'altered';
      const level = isLost ? 'error' : outcome.kind === 'postponed' ? 'warn' : 'debug';
      this.log.say(level, `announcement.${outcome.kind}`, { ...about, ...outcome });
    } catch (error) {
      // It is retried when its lease has expired.
      this.log.say('warn', 'announcement.unsettled', { ...about, error });
    }
  }
}
