import { Logger } from '@nestjs/common';
import type { ScheduleId, TenantId } from '@taskrunner/core/foundation';
import { NestLog } from './nest-log';
import { reportTick } from './schedules/report-tick';

describe('the log of the framework', () => {
  const said: unknown[] = [];
  const log = new NestLog();
  beforeAll(() => {
    log.sayTo({ say: (...line) => void said.push(line) });
    Logger.overrideLogger(log);
  });
  beforeEach(() => said.splice(0));
  afterAll(() => Logger.overrideLogger(false));

  it('says what has an event under its name, with its fields', () => {
    const about = { tenant: 'acme' as TenantId, scheduleId: 'sch_1' as ScheduleId, tick: 0, runId: null };
    reportTick({ ...about, outcome: 'stopped', reason: 'PLAN_HASH_MISMATCH', error: null });
    reportTick({ ...about, outcome: 'skipped', reason: 'OVERLAP', error: null });
    reportTick({ ...about, outcome: 'failed', reason: null, error: new Error('away') });
    const fields = { ...about, tick: '1970-01-01T00:00:00.000Z' };
    expect(said).toEqual([
      ['warn', 'schedule.stopped', { ...fields, reason: 'PLAN_HASH_MISMATCH' }],
      ['warn', 'schedule.skipped', { ...fields, reason: 'OVERLAP' }],
      ['error', 'schedule.failed', { ...fields, reason: expect.stringContaining('away') }],
    ]);
  });

  it('says what the framework says as it is', () => {
    new Logger('RoutesResolver').log('ready');
    new Logger('Injector').warn({ about: 'something' });
    expect(said).toEqual([
      ['debug', 'nest', { message: 'ready', context: 'RoutesResolver' }],
      ['warn', 'nest', { message: { about: 'something' }, context: 'Injector' }],
    ]);
  });
});
