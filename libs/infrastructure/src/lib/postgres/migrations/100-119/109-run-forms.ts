import { sqlMigration } from '../sql-migration';

/**
 * Forms of gates in the order of their authors, a list of JSON Schemas. A plan has the members of its objects sorted, so only this has the
 * order in which people are asked. Nothing depends on it: a form counts if it equals that of the plan. Null: every form is in sorted order, or
 * a service of the previous release admitted the run.
 */
export const runForms = sqlMigration(
  'RunForms1764000001090',
  'alter table pack_runs.run_sources add column forms json',
);
