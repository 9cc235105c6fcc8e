import { sqlMigration } from '../sql-migration';

/**
 * The attempt of a step that wrote a chunk, so that readers can request the log of one attempt. An attempt may have several executions.
 * Null for steps without attempts, such as gates, and for chunks of earlier releases. The index of a sealed run's log gets the attempt from
 * the journal.
 */
export const logAttempts = sqlMigration(
  'LogAttempts1764000001030',
  `
alter table pack_run_logs.chunks add column attempt integer;
`,
);
