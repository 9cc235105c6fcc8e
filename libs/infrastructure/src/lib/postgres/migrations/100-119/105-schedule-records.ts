import { sqlMigration } from '../sql-migration';

/**
 * The signed record of each schedule (ADR 85). Null: the schedule is older than this column. It is not signed afterwards, because nothing
 * shows whether its row is what somebody decided: it stops at its next tick until somebody resumes it.
 */
export const scheduleRecords = sqlMigration(
  'ScheduleRecords1764000001050',
  'alter table pack_runs.schedules add column record json',
);
