import { sqlMigration } from '../sql-migration';

/**
 * Steps as readers see them: projections, one row per instance, updated in place. No driver restores from them. The one key
 * lists children in plan order; a step is found by name within its run's part of it. The root has no parent: `/`.
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
