import { sqlMigration } from '../sql-migration';

/** Destinations of sealed evidence, one row each, written with the seal. Claiming a row moves its `due_at`, which is its lease. */
export const evidenceExports = sqlMigration(
  'Exports1764000000190',
  `
create table pack_artifacts.exports (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  destination text collate "C" not null,
  artifacts boolean not null,
  status text collate "C" not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  tries integer not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  requested_ms bigint not null,
  ended_ms bigint,
  reason text,
  primary key (tenant_id, run_id, destination)
) with (fillfactor = 70);
create index exports_due on pack_artifacts.exports (destination, due_at) where status = 'pending';

alter table pack_artifacts.exports enable row level security, force row level security;
create policy web on pack_artifacts.exports to taskrunner_web using (tenant_id = current_setting('taskrunner.tenant', true));
create policy trusted on pack_artifacts.exports to taskrunner_worker, taskrunner_maintain using (true);
grant select on pack_artifacts.exports to taskrunner_web;
grant select, insert, update on pack_artifacts.exports to taskrunner_worker;
`,
);
