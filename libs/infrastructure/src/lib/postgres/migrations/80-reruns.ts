import { sqlMigration } from './sql-migration';

/**
 * A rerun names the run that it does again, and its steps what they took over of it. Both are for readers: the admission record and the
 * journal say them with proof.
 */
export const reruns = sqlMigration(
  'Reruns1764000000800',
  `
alter table pack_runs.run_sources add column rerun_of uuid;
alter table pack_runs.steps add column reused_from json;
`,
);
