import { sqlMigration } from '../sql-migration';

/**
 * Notifications and resolutions.
 *
 * Notifications are outbox rows of kind `announce`, one per event and endpoint (`stream`), in journal order (`place`). `since` is when a
 * row was first due. A row without a stream is for all endpoints: a worker creates a row for each endpoint that it knows.
 *
 * Resolutions are signed records with which people resolve attention; they are only inserted. `refused_position` is the inbox position of
 * the decision that rejected a gate of the run; later decisions do not count.
 */
export const webhooks = sqlMigration(
  'Webhooks1764000000170',
  `
alter table pack_runs.outbox add column stream text collate "C", add column place bigint,
  add column since timestamptz not null default clock_timestamp();
alter table pack_runs.outbox add constraint outbox_announcements_are_placed check ((stream is null) = (place is null));
create unique index outbox_streams on pack_runs.outbox (tenant_id, run_id, stream, place) where kind = 'announce';
create index outbox_for_all on pack_runs.outbox (due_at) where kind = 'announce' and stream is null;

alter table pack_runs.runs add column refused_position bigint not null default 0;
grant update (refused_position) on pack_runs.runs to taskrunner_web;
create index gates_lapsing on pack_runs.gates (tenant_id, run_id, expires_at) where state = 'open';

create table pack_runs.resolutions (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  step text collate "C" not null,
  execution integer not null,
  outcome text not null check (outcome in ('succeeded', 'failed', 'retry')),
  iss text collate "C" not null,
  sub text collate "C" not null,
  decided_ms bigint not null,
  record_digest text not null,
  envelope json not null,
  primary key (tenant_id, run_id, step, execution)
);

alter table pack_runs.resolutions enable row level security, force row level security;
create policy web on pack_runs.resolutions to taskrunner_web using (tenant_id = current_setting('taskrunner.tenant', true));
create policy trusted on pack_runs.resolutions to taskrunner_worker, taskrunner_maintain using (true);
create policy auditor on pack_runs.resolutions for select to taskrunner_audit using (true);
grant select, insert on pack_runs.resolutions to taskrunner_web;
grant select on pack_runs.resolutions to taskrunner_worker, taskrunner_audit;
`,
);
