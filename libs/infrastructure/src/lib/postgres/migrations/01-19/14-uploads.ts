import { sqlMigration } from '../sql-migration';

/**
 * Records of who needs which object: uploads, large values that journals refer to, and the state of the object collector between two
 * passes. An upload without a digest reserves room for bytes that are still being received. For documents that contain digests, an index
 * finds the few rows with any.
 */
export const uploads = sqlMigration(
  'Uploads1764000000140',
  `
create table pack_artifacts.uploads (
  tenant_id text collate "C" not null,
  upload_id uuid not null default pack_runs.uuidv7(),
  iss text collate "C" not null,
  sub text collate "C" not null,
  digest text collate "C",
  size bigint not null check (size >= 0),
  expires_at timestamptz not null,
  primary key (tenant_id, upload_id)
);
create index uploads_by_digest on pack_artifacts.uploads (tenant_id, digest);

-- One tenant's reservations come one after the other: each counts what the one before it has taken.
create function pack_artifacts.reserve_upload(tenant text, by_iss text, by_sub text, bytes bigint, most bigint, keep_ms bigint)
returns uuid language plpgsql volatile as $$
declare
  taken numeric;
  id uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('uploads ' || tenant, 0));
  select coalesce(sum(u.size), 0) into taken from pack_artifacts.uploads u
  where u.tenant_id = tenant and u.expires_at > clock_timestamp();
  if taken + bytes > most then
    return null;
  end if;
  insert into pack_artifacts.uploads (tenant_id, iss, sub, size, expires_at)
  values (tenant, by_iss, by_sub, bytes, clock_timestamp() + keep_ms * interval '1 millisecond')
  returning upload_id into id;
  return id;
end $$;

create table pack_artifacts.stored_values (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  digest text collate "C" not null,
  primary key (tenant_id, run_id, digest)
);
create index stored_values_by_digest on pack_artifacts.stored_values (tenant_id, digest);

-- What journals name by now, small values too; the owner may read them for this statement alone.
alter table pack_run_logs.journal no force row level security;
insert into pack_artifacts.stored_values (tenant_id, run_id, digest)
select distinct j.tenant_id, j.run_id, m[1]
from pack_run_logs.journal j, regexp_matches(j.entries, '"digest":"(sha256:[0-9a-f]{64})"', 'g') m;
alter table pack_run_logs.journal force row level security;

create table pack_artifacts.object_looks (
  tenant_id text collate "C" primary key,
  due_at timestamptz not null default clock_timestamp()
);

create table pack_artifacts.object_suspects (
  tenant_id text collate "C" not null,
  digest text collate "C" not null,
  seen_at timestamptz not null default clock_timestamp(),
  looked_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, digest)
);

create function pack_runs.names_digests(files json, inputs json) returns boolean language sql immutable as $$
  select files::text ~ 'sha256:[0-9a-f]{64}' or inputs::text ~ 'sha256:[0-9a-f]{64}'
$$;
create function pack_runs.digests_in(files json, inputs json) returns text[] language sql immutable as $$
  select array(select distinct m[1] from regexp_matches(files::text || ' ' || inputs::text, 'sha256:[0-9a-f]{64}', 'g') m)
$$;
create index run_sources_digests on pack_runs.run_sources using gin (pack_runs.digests_in(files, inputs))
  where pack_runs.names_digests(files, inputs);
create index artifacts_by_digest on pack_artifacts.artifacts (tenant_id, digest);
create index attestations_by_bundle on pack_artifacts.attestations (tenant_id, bundle);

do $$
declare
  t text;
begin
  foreach t in array array['uploads', 'stored_values', 'object_looks', 'object_suspects'] loop
    execute format('alter table pack_artifacts.%I enable row level security, force row level security', t);
    execute format('create policy web on pack_artifacts.%I to taskrunner_web using (tenant_id = current_setting(''taskrunner.tenant'', true))', t);
    execute format('create policy trusted on pack_artifacts.%I to taskrunner_worker, taskrunner_maintain using (true)', t);
  end loop;
end $$;

grant select, insert, update, delete on pack_artifacts.uploads to taskrunner_web;
grant select, delete on pack_artifacts.uploads to taskrunner_worker;
grant select, insert on pack_artifacts.stored_values to taskrunner_worker;
grant select, insert, update, delete on pack_artifacts.object_looks, pack_artifacts.object_suspects to taskrunner_worker;
`,
);
