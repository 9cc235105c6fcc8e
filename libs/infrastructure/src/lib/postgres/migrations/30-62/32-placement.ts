import { sqlMigration } from '../sql-migration';

/**
 * Labels that a worker must have to claim a run. They precede the time in the index of due runs, so that a claim skips from one set of
 * labels to the next, regardless of how many runs wait for labels that the worker lacks. A run whose labels no living worker has leaves the
 * index (`unplaced`) until a worker with these labels registers.
 */
export const placement = sqlMigration(
  'Placement1764000000320',
  `
alter table pack_runs.runs add column worker_labels text[] collate "C" not null default '{}';
alter table pack_runs.runs add column unplaced boolean not null default false;

drop index pack_runs.runs_due;
create index runs_due on pack_runs.runs (tenant_id, environment_digest, worker_labels, due_at)
  where owner is null and due_at is not null and not unplaced;
create index runs_labelled on pack_runs.runs (worker_labels)
  where owner is null and due_at is not null and not unplaced and worker_labels <> '{}';
create index runs_unplaced on pack_runs.runs (worker_labels, due_at) where unplaced;

grant update (worker_labels, unplaced) on pack_runs.runs to taskrunner_web;
`,
);
