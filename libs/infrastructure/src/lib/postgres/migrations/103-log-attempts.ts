import { sqlMigration } from './sql-migration';

/**
 * The attempt of a step that wrote a chunk, so that a reader can ask for the log of one attempt: an attempt may have several executions. Null
 * in chunks of steps without attempts, such as gates, and in those of earlier releases. The index of a sealed run's log takes it from the journal.
 */
export const logAttempts = sqlMigration(
  'LogAttempts1764000001030',
  `
alter table pack_run_logs.chunks add column attempt integer;
`,
);
