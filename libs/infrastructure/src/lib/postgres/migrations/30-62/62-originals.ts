import { sqlMigration } from '../sql-migration';

/** An index for the reruns of a run: retention keeps what an active rerun still reuses. It follows the migration that adds its column. */
export const originals = sqlMigration(
  'Originals1764000000810',
  `
create index run_sources_reruns on pack_runs.run_sources (tenant_id, rerun_of) where rerun_of is not null;
`,
);
