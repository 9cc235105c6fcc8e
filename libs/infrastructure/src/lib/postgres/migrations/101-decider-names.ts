import { sqlMigration } from './sql-migration';

/**
 * The name of the person who decided, as their token had it, for people who read a gate. The signed record names the subject alone, and nothing
 * is decided by a name. Null: decided before this column, or by a webservice of the release before.
 */
export const deciderNames = sqlMigration(
  'DeciderNames1764000001010',
  'alter table pack_runs.decisions add column name text',
);
