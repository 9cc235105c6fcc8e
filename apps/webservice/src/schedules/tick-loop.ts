import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RunDueTicks } from '@taskrunner/core/operations';
import { SchedulerSetting } from '../configuration';

/**
 * Polls for due schedules, without a pause as long as there are some. Every webservice runs one: the transaction that takes a tick ensures
 * that it runs once.
 */
@Injectable()
export class TickLoop implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('scheduler');
  private readonly stopping = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  constructor(
    @Inject(RunDueTicks) private readonly ticks: RunDueTicks,
    private readonly setting: SchedulerSetting,
  ) {}

  onApplicationBootstrap(): void {
    if (this.setting.enabled) this.ended = this.loop();
  }

  /** Waits for the current round; no other begins. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if ((await this.turn()) > 0) continue;
      // Replicas that start together should not stay synchronised.
      const pause = this.setting.interval * (0.75 + Math.random() / 2);
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async turn(): Promise<number> {
    try {
      return await this.ticks.turn();
    } catch (error) {
      this.logger.error({
        event: 'scheduler.unavailable',
        reason: error instanceof Error ? error.message : String(error),
      });
      return 0;
    }
  }
}
