import { sqlMigration } from '../sql-migration';

/**
 * The trigger that marks a run has no condition. PostgreSQL parses and plans the condition of a trigger again for each statement, which took
 * a sixth of the time of a flush. The function itself compares what it needs, and takes a few microseconds.
 */
export const marksOfEveryUpdate = sqlMigration(
  'MarksOfEveryUpdate1764000001150',
  `
drop trigger mark on pack_runs.runs;
create trigger mark before update on pack_runs.runs for each row execute function pack_runs.mark_run();
`,
);
