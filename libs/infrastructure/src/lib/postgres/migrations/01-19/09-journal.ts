import { sqlMigration } from '../sql-migration';

/**
 * Journal pages and log chunks. They are partitioned by the day on which the run was created (a UUIDv7 begins with its milliseconds), so
 * that the rows of a run are stored together and removed together. A page does not repeat the hash of the previous page, which is in the
 * previous row. The first line number of a chunk is a separate row, because chunks are never updated. There is no default partition: a
 * missing partition is an error, and readiness warns two days ahead.
 */
export const journal = sqlMigration(
  'Journal1764000000009',
  `
create table pack_run_logs.journal (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  first_seq bigint not null,
  fence bigint not null,
  hash bytea not null,
  mac bytea not null,
  entries text not null,
  held text,
  primary key (tenant_id, run_id, first_seq)
) partition by range (run_id);

create table pack_run_logs.chunks (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  execution integer not null,
  chunk integer not null,
  lines integer not null,
  at_ms bigint not null,
  step text collate "C" not null,
  sha256 bytea not null,
  data bytea not null,
  primary key (tenant_id, run_id, step, execution, chunk)
) partition by range (run_id);

create table pack_run_logs.places (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  last_line bigint not null,
  lines integer not null check (lines > 0),
  execution integer not null,
  chunk integer not null,
  step text collate "C" not null,
  primary key (tenant_id, run_id, last_line)
) partition by range (run_id);

create function pack_run_logs.uuid_floor(day date) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from day) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

create function pack_run_logs.partition_name(parent text, day date) returns text language sql immutable as $$
  select parent || '_' || to_char(day, 'YYYYMMDD')
$$;

create function pack_run_logs.make_partitions(days integer) returns integer language plpgsql as $$
declare
  today date := (now() at time zone 'UTC')::date;
  parent text;
  child text;
  made integer := 0;
begin
  foreach parent in array array['journal', 'chunks', 'places'] loop
    for offset_days in -1 .. days loop
      child := pack_run_logs.partition_name(parent, today + offset_days);
      continue when to_regclass('pack_run_logs.' || child) is not null;
      -- Made apart, then attached: that lock lets readers and writers of the parent go on.
      execute format('create table pack_run_logs.%I (like pack_run_logs.%I including all)', child, parent);
      execute format('alter table pack_run_logs.%I enable row level security, force row level security', child);
      execute format('alter table pack_run_logs.%I attach partition pack_run_logs.%I for values from (%L) to (%L)',
        parent, child, pack_run_logs.uuid_floor(today + offset_days), pack_run_logs.uuid_floor(today + offset_days + 1));
      made := made + 1;
    end loop;
  end loop;
  return made;
end $$;

create function pack_run_logs.missing_partitions(days integer) returns bigint language sql stable as $$
  select count(*) from unnest(array['journal', 'chunks', 'places']) parent, generate_series(0, days) ahead
  where to_regclass('pack_run_logs.' || pack_run_logs.partition_name(parent, (now() at time zone 'UTC')::date + ahead)) is null
$$;
`,
);
