import { Inject, Injectable, Logger } from '@nestjs/common';
import { RunDueTicks } from '@taskrunner/core/operations';
import { SchedulerSetting } from '../configuration';
import { RepeatedWork } from '../repeated-work';

/**
 * Polls for due schedules, without a pause as long as there are some. Every webservice runs one: the transaction that takes a tick ensures
 * that it runs once.
 */
@Injectable()
export class TickLoop extends RepeatedWork {
  constructor(
    @Inject(RunDueTicks) private readonly ticks: RunDueTicks,
    private readonly setting: SchedulerSetting,
  ) {
    super(new Logger('scheduler'), { failed: 'scheduler.unavailable', works: 'scheduler.available' });
  }

  override onApplicationBootstrap(): void {
    if (this.setting.enabled) super.onApplicationBootstrap();
  }

  protected async turn(): Promise<boolean> {
    return (await this.ticks.turn()) > 0;
  }

  /** Replicas that start together should not look together for ever. */
  protected pause(): number {
    return this.setting.interval * (0.75 + Math.random() / 2);
  }
}
