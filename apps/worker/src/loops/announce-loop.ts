import { deliverWebhook, IdlePause, type DeliverWebhookDependencies } from '@taskrunner/core/operations';
import type { DueAnnouncement } from '@taskrunner/core/ports';
import type { WorkerLog } from '../reporting/worker-log';

interface AnnounceLoopOptions {
  /** Pause when nothing is due, milliseconds. */
  readonly intervalMs: number;
  /** How long a try may take before another worker may take it up, milliseconds: longer than a try. */
  readonly leaseMs: number;
}

/** Messages under way at once, and those to one endpoint: one that does not answer holds up nobody else. */
const AT_ONCE = 32;
const AT_ONE_ENDPOINT = 8;

/** Tells outside what has happened in runs, until told to stop. Several workers do so side by side. */
export class AnnounceLoop {
  private stopping = false;
  private readonly idle = new IdlePause();
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

  /** Ends when what is under way has had its answer, or its time. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.idle.wake();
    await this.loop;
    await Promise.all(this.underWay.keys());
  }

  private async deliverForever(): Promise<void> {
    while (!this.stopping) {
      let taken = 0;
      try {
        taken = await this.takeDue();
      } catch (error) {
        this.log.say('warn', 'announce.failed', { error });
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
    const about = { runId, tenant, stream, type: announcement.type, tries };
    try {
      const outcome = await deliverWebhook(this.dependencies, item);
      const level = outcome.kind === 'given-up' ? 'error' : outcome.kind === 'postponed' ? 'warn' : 'debug';
      this.log.say(level, `announcement.${outcome.kind}`, { ...about, ...outcome });
    } catch (error) {
      // It comes back when its lease is over.
      this.log.say('warn', 'announcement.unsettled', { ...about, error });
    }
  }
}
