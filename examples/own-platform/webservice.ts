// The webservice of a platform team: it plans steps that its worker performs, schedules rest on weekends, and the platform hears that it has
// started. No file of TaskRunner changes.
//   TASKRUNNER_CONFIG=task-runner.yaml node dist/webservice.js
import { Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Calendar } from '@taskrunner/core/ports';
import { CronerCalendar, ExecutorModule, runService, Telemetry } from '@taskrunner/infrastructure/modules';
import { createWebservice } from '@taskrunner/webservice';
import { DEPLOYMENT } from './deployment';

/** A schedule that asks for weekends alone never ticks. */
const MOST_DAYS_OFF = 1_000;

/** Nothing ticks on weekends, however its schedule is written. */
@Injectable()
class WorkingDays extends CronerCalendar {
  override nextAfter(cron: string, timeZone: string, ms: number): number | null {
    const day = new Intl.DateTimeFormat('en', { timeZone, weekday: 'short' });
    let next = super.nextAfter(cron, timeZone, ms);
    for (let daysOff = 0; next !== null && day.format(next).startsWith('S'); daysOff++) {
      if (daysOff === MOST_DAYS_OFF) return null;
      next = super.nextAfter(cron, timeZone, next);
    }
    return next;
  }
}

/** Log, metrics and spans are those of the webservice. */
@Injectable()
class Announcement implements OnApplicationBootstrap {
  constructor(private readonly telemetry: Telemetry) {}

  onApplicationBootstrap(): void {
    this.telemetry.log.say('info', 'platform.started');
  }
}

@Module({ providers: [Announcement] })
class PlatformModule {}

void runService('webservice', async (configuration) => {
  const { url, health, stop } = await createWebservice(configuration, {
    adapters: [{ provide: Calendar, useClass: WorkingDays }],
    imports: [PlatformModule, ExecutorModule.forFeature([{ descriptor: DEPLOYMENT }])],
  });
  return { ready: { url, health }, stop };
});
