import { sqlMigration } from '../sql-migration';

/** Finds the reruns of a run: retention keeps what one that has not ended still takes over. Comes after the column that it is of. */
export const originals = sqlMigration(
  'Originals1764000000810',
  `
create index run_sources_reruns on pack_runs.run_sources (tenant_id, rerun_of) where rerun_of is not null;
`,
);
