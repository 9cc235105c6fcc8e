import { sqlMigration } from '../sql-migration';

/**
 * Steps for readers: projections with one row per instance, updated in place. No driver restores a run from them. The primary key lists
 * child steps in plan order; a step is found by name within the rows of its run. The parent of the root is `/`.
 */
export const steps = sqlMigration(
  'Steps1764000000004',
  `
create table pack_runs.steps (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  parent text collate "C" not null,
  place integer not null,
  step text collate "C" not null,
  attempts integer not null,
  children integer,
  kind text not null,
  label text,
  status text collate "C" not null,
  reason text,
  next_attempt_ms bigint,
  started_ms bigint,
  finished_ms bigint,
  outputs json,
  outputs_ref json,
  error json,
  primary key (tenant_id, run_id, parent, place, step)
) with (fillfactor = 70);
`,
);
