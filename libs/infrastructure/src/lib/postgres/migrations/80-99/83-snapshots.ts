import { sqlMigration } from '../sql-migration';

/**
 * The entry from which a claim restores the run: the first entry of the page that begins with its last snapshot. A run without a snapshot,
 * or one that was driven by workers that write none, is replayed from its start or from the last snapshot that exists.
 */
export const snapshots = sqlMigration(
  'Snapshots1764000000840',
  `
alter table pack_runs.runs add column snapshot_seq bigint;
`,
);
