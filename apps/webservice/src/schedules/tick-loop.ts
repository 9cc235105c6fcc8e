import { Inject, Injectable, Logger } from '@nestjs/common';
import { RunDueTicks } from '@taskrunner/core/operations';
import { SchedulerSetting } from '../configuration';
import { RepeatedWork } from '../repeated-work';

/**
 * Looks for due schedules, at once again as long as there are some. Every webservice has one: what makes a tick run once is not
 * here but in the transaction that takes it.
 */
@Injectable()
export class TickLoop extends RepeatedWork {
  constructor(
    @Inject(RunDueTicks) private readonly ticks: RunDueTicks,
    private readonly setting: SchedulerSetting,
  ) {
    super(new Logger('scheduler'), 'scheduler.unavailable');
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
