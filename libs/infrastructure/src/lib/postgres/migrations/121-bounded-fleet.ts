import { sqlMigration } from './sql-migration';

/** The list of workers has no value that a process cannot hold: such a text of one worker is shown as empty, and such a list hides its worker. */
export const boundedFleet = sqlMigration(
  'BoundedFleet1764000001210',
  `
create or replace function pack_runs.fleet(after uuid, most integer)
returns table (worker_id uuid, name text, version text, build text, isolation text, environments bytea[], labels text[], slots integer,
  since_ms bigint, renewed_ms bigint, lease_until_ms bigint, probe text, probe_document text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select w.worker_id, pack_runs.bounded(w.name, 65536), pack_runs.bounded(w.version, 65536), pack_runs.bounded(w.build, 65536),
    pack_runs.bounded(w.isolation, 65536), w.environments, w.labels, w.slots,
    -- The time in a UUID of version 7.
    ('x' || left(replace(w.worker_id::text, '-', ''), 12))::bit(48)::bigint,
    floor(extract(epoch from w.renewed_at) * 1000)::bigint, floor(extract(epoch from w.lease_until) * 1000)::bigint,
    pack_runs.bounded(w.probe, 1024), (select pack_runs.bounded(p.document, 67108864) from pack_runs.probe_documents p where 'sha256:' || encode(p.digest, 'hex') = w.probe)
  from pack_runs.workers w
  where w.state = 'live' and w.lease_until > clock_timestamp() and w.lease_until < clock_timestamp() + interval '1 day'
    and w.renewed_at > 'epoch' and w.renewed_at < clock_timestamp() + interval '1 day'
    -- The first UUID after the year 9999.
    and w.worker_id < 'e677d21f-dc00-0000-0000-000000000000'
    -- In this order: a list can be compressed.
    and case when cardinality(w.environments) > 16384 or cardinality(w.labels) > 1024 then false
      else pg_column_size(w.environments) <= 1048576 and octet_length(array_to_string(w.labels, ',', '-')) <= 65536 end
    -- Lists without members have no dimension.
    and coalesce(array_ndims(w.environments), 1) = 1 and coalesce(array_ndims(w.labels), 1) = 1
    and not exists (select from unnest(w.environments) e where e is null or length(e) <> 32)
    and not exists (select from unnest(w.labels) l where l is null)
    and (fleet.after is null or w.worker_id > fleet.after)
  order by w.worker_id limit fleet.most
$$;
`,
);
