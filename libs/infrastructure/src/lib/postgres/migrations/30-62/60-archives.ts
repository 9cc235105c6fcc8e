import { sqlMigration } from '../sql-migration';

/**
 * Positions of the journal and the log of a sealed run in its bundle, so that both are readable after their partition was removed. A row of
 * `archived_chunks` covers several chunks: reading a page of a log costs one row, regardless of the length of the log. Both tables are
 * inserted into and read, never changed.
 */
export const archives = sqlMigration(
  'Archives1764000000600',
  `
create table pack_artifacts.archives (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  journal_offset bigint not null,
  journal_size bigint not null,
  journal_sha256 bytea not null,
  primary key (tenant_id, run_id)
);

create table pack_artifacts.archived_chunks (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  last_line bigint not null,
  chunks json not null,
  primary key (tenant_id, run_id, last_line)
);

do $$
declare
  t text;
begin
  foreach t in array array['archives', 'archived_chunks'] loop
    execute format('alter table pack_artifacts.%I enable row level security, force row level security', t);
    execute format('create policy web on pack_artifacts.%I to taskrunner_web using (tenant_id = current_setting(''taskrunner.tenant'', true))', t);
    execute format('create policy trusted on pack_artifacts.%I to taskrunner_worker, taskrunner_maintain using (true)', t);
    execute format('grant select on pack_artifacts.%I to taskrunner_web', t);
    execute format('grant select, insert on pack_artifacts.%I to taskrunner_worker', t);
  end loop;
end $$;
`,
);
