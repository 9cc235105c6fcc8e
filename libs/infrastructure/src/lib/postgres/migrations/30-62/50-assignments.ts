import { sqlMigration } from '../sql-migration';

/**
 * Assignments: items that drivers dispatch to other workers (ADR 31). Drivers insert and settle assignments with their flushes. A worker
 * that claims an assignment increments its fence, and records each execution before it starts. `left_over` is the number of unanswered
 * items: at zero there is nothing to claim. Results arrive as messages, so the worker may insert messages; it never writes the journal or
 * steps.
 */
export const assignments = sqlMigration(
  'Assignments1764000000500',
  `
create table pack_runs.assignments (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  name text collate "C" not null,
  owner uuid,
  fence bigint not null default 0,
  left_over integer not null,
  offered_at timestamptz not null default clock_timestamp(),
  step text collate "C" not null,
  first_index integer not null,
  last_index integer not null,
  stops text[] not null default '{}',
  mac bytea not null,
  body text not null,
  primary key (tenant_id, run_id, name)
) with (fillfactor = 70);

create index assignments_offered on pack_runs.assignments (tenant_id, offered_at) where owner is null and left_over > 0;
create index assignments_held on pack_runs.assignments (owner) where owner is not null;

create table pack_runs.executions (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  name text collate "C" not null,
  step text collate "C" not null,
  execution integer not null,
  fence bigint not null,
  begun_at timestamptz not null default clock_timestamp(),
  answered boolean not null default false,
  primary key (tenant_id, run_id, name, step, execution)
) with (fillfactor = 70);

alter table pack_runs.assignments enable row level security, force row level security;
alter table pack_runs.executions enable row level security, force row level security;
create policy web on pack_runs.assignments to taskrunner_web using (tenant_id = current_setting('taskrunner.tenant', true));
create policy web on pack_runs.executions to taskrunner_web using (tenant_id = current_setting('taskrunner.tenant', true));
create policy trusted on pack_runs.assignments to taskrunner_worker, taskrunner_maintain using (true);
create policy trusted on pack_runs.executions to taskrunner_worker, taskrunner_maintain using (true);
grant select, insert, update, delete on pack_runs.assignments, pack_runs.executions to taskrunner_worker;
grant insert on pack_runs.inbox to taskrunner_worker;
`,
);
