import { sqlMigration } from './sql-migration';

/**
 * An attestation is stored without the digest of its statement, which nothing reads: the audit entry of its seal has it.
 */
export const shorterAttestations = sqlMigration(
  'ShorterAttestations1764000001280',
  'alter table pack_artifacts.attestations alter column statement drop not null',
);
