import { sqlMigration } from '../sql-migration';

/** The position of the signed statements in the bundle of their run. The statements of earlier seals stay in this table. */
export const statementsInBundles = sqlMigration(
  'StatementsInBundles1764000000830',
  `
alter table pack_artifacts.attestations rename column attestations to statements;
`,
);
