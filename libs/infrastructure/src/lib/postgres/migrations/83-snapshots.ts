import { sqlMigration } from './sql-migration';

/**
 * Where claims go on from: the first entry of the page that begins with the run's last snapshot. A run that has none, or was driven by
 * workers that write none, is replayed from the start or from the last one there is.
 */
export const snapshots = sqlMigration(
  'Snapshots1764000000840',
  `
alter table pack_runs.runs add column snapshot_seq bigint;
`,
);
