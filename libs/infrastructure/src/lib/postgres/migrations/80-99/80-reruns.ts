import { sqlMigration } from '../sql-migration';

/**
 * The original run of a rerun, and the results that its steps reuse. Both columns are for readers. The admission record and the journal
 * contain the same facts with proof.
 */
export const reruns = sqlMigration(
  'Reruns1764000000800',
  `
alter table pack_runs.run_sources add column rerun_of uuid;
alter table pack_runs.steps add column reused_from json;
`,
);
