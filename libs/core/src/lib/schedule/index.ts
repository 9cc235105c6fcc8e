export type { Party, Schedule, ScheduleSource, ScheduleSummary, StopNotice, StoredTick, TickRecord } from './schedule';
export { scheduleDigests, scheduleRecord, type ScheduleRecord } from './schedule-record';
export { skipMissed } from './skip-missed';
export { CATCH_UP, OVERLAP, tickAfter, type CatchUp, type Overlap, type Timing } from './timing';
