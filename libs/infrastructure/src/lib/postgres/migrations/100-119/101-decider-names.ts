import { sqlMigration } from '../sql-migration';

/**
 * The name of the person who decided, from their token, for people who read a gate. The signed record contains only the subject, and no
 * rule uses the name. Null: the decision is older than this column, or was recorded by a webservice of the previous release.
 */
export const deciderNames = sqlMigration(
  'DeciderNames1764000001010',
  'alter table pack_runs.decisions add column name text',
);
