import { sqlMigration } from '../sql-migration';

/**
 * The message of a run that has ended, `{text}` or `{error: {code, message}}`. Null: it has none, or a worker of the previous release ended
 * it. The webservice compares it with the journal before it shows it.
 */
export const runMessages = sqlMigration(
  'RunMessages1764000001070',
  'alter table pack_runs.runs add column message json',
);
