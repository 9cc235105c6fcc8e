import { sqlMigration } from '../sql-migration';

/**
 * Published versions as each tenant has seen them. The content of a version never changes, so only the signatures of a row may be updated.
 * Also the publishers' signatures with which a run was admitted, for its evidence.
 */
export const packVersions = sqlMigration(
  'PackVersions1764000000150',
  `
create table pack_runs.pack_versions (
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  version text collate "C" not null,
  content_digest text not null,
  artifact_digest text not null,
  registry text not null,
  signatures json not null,
  first_ms bigint not null,
  primary key (tenant_id, name, version)
);
create index pack_versions_content on pack_runs.pack_versions (tenant_id, content_digest);

alter table pack_runs.pack_versions enable row level security, force row level security;
create policy web on pack_runs.pack_versions to taskrunner_web using (tenant_id = current_setting('taskrunner.tenant', true));
create policy trusted on pack_runs.pack_versions to taskrunner_worker, taskrunner_maintain using (true);
grant select, insert on pack_runs.pack_versions to taskrunner_web;
grant update (signatures) on pack_runs.pack_versions to taskrunner_web;

alter table pack_runs.run_sources add column pack_signatures json not null default '[]';
`,
);
