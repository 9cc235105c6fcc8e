import { sqlMigration } from './sql-migration';

/** The signed statements of a run stand in its bundle: what is kept beside it is where. What was sealed before has them here, and keeps them. */
export const statementsInBundles = sqlMigration(
  'StatementsInBundles1764000000830',
  `
alter table pack_artifacts.attestations rename column attestations to statements;
`,
);
