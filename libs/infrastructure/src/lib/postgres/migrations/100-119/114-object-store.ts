import { sqlMigration } from '../sql-migration';

/**
 * The id of the object store of this installation, which the store has too. A service with another store would answer that objects of all
 * runs are missing. Services write only through a function, which never replaces an id.
 */
export const objectStore = sqlMigration(
  'ObjectStore1764000001140',
  `
create table pack_artifacts.object_store (
  one boolean primary key default true check (one),
  id text collate "C" not null,
  -- False: the store may not have the id yet.
  written boolean not null
);

alter table pack_artifacts.object_store enable row level security, force row level security;
create policy trusted on pack_artifacts.object_store for select to taskrunner_web, taskrunner_worker, taskrunner_maintain using (true);
create policy kept on pack_artifacts.object_store to taskrunner_owner using (true);
create policy named on pack_artifacts.artifacts for select to taskrunner_owner using (true);
create policy named on pack_artifacts.stored_values for select to taskrunner_owner using (true);
create policy named on pack_artifacts.uploads for select to taskrunner_owner using (true);
grant select on pack_artifacts.object_store to taskrunner_web, taskrunner_worker, taskrunner_maintain;

-- Whether a row of any tenant names an object that a store must have.
create function pack_artifacts.names_objects() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from pack_artifacts.attestations) or exists (select from pack_artifacts.artifacts)
    or exists (select from pack_artifacts.stored_values) or exists (select from pack_artifacts.uploads)
    or exists (select from pack_runs.run_sources s where pack_runs.names_digests(s.files, s.inputs))
$$;
revoke execute on function pack_artifacts.names_objects() from public;
grant execute on function pack_artifacts.names_objects() to taskrunner_web, taskrunner_worker;

-- The first id counts. Yields the one that counts.
create function pack_artifacts.keep_object_store(id text, written boolean) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  kept text;
begin
  insert into pack_artifacts.object_store as s (id, written) values (keep_object_store.id, false) on conflict do nothing;
  update pack_artifacts.object_store s set written = true
  where s.id = keep_object_store.id and keep_object_store.written and not s.written;
  select s.id into strict kept from pack_artifacts.object_store s;
  return kept;
end $$;
revoke execute on function pack_artifacts.keep_object_store(text, boolean) from public;
grant execute on function pack_artifacts.keep_object_store(text, boolean) to taskrunner_web, taskrunner_worker;
`,
);
