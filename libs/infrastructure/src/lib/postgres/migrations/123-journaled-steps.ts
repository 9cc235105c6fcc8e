import { sqlMigration } from './sql-migration';

/**
 * True if a run has no rows of steps, because its journal is short (ADR 108). Null: a worker of an earlier release drives it, or nobody has
 * yet. Such a worker does not change it, so a run keeps it if both drive it.
 */
export const journaledSteps = sqlMigration(
  'JournaledSteps1764000001230',
  `
alter table pack_runs.runs add column journaled_steps boolean;
`,
);
