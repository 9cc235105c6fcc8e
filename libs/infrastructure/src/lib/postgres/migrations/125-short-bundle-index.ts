import { sqlMigration } from './sql-migration';

/**
 * The index that finds attestations by their bundle holds the first 64 bits of the digest, not its 71 characters. The row itself is compared
 * with the whole digest.
 */
export const shortBundleIndex = sqlMigration(
  'ShortBundleIndex1764000001250',
  `
drop index pack_artifacts.attestations_by_bundle;
create index attestations_by_bundle on pack_artifacts.attestations (tenant_id, left(bundle, 23));
`,
);
