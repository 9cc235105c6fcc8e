import { sqlMigration } from '../sql-migration';

/**
 * The fence of the claim under which an isolated process started to drive the run. From then on each end of the process together with its
 * worker is counted. Null, or an older fence: no isolated process drives the run in its current claim.
 */
export const drivenAlone = sqlMigration(
  'DrivenAlone1764000000850',
  `
alter table pack_runs.runs add column alone_fence bigint;
`,
);
