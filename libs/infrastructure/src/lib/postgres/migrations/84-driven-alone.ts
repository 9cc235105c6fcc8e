import { sqlMigration } from './sql-migration';

/**
 * The fence of the claim under which a process of its own began to drive the run: from then on that it goes down with its worker is counted.
 * Null, or an earlier fence: in the claim that it has now it was not driven alone.
 */
export const drivenAlone = sqlMigration(
  'DrivenAlone1764000000850',
  `
alter table pack_runs.runs add column alone_fence bigint;
`,
);
