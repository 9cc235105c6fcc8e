import { sqlMigration } from '../sql-migration';

/**
 * The living workers, for administrators of tenants. Workers belong to no tenant: a function returns to `web` what their rows and probe
 * documents state, and nothing about the runs that they own. `web` reads which runs of its own tenant a worker owns under row-level
 * security. Of assignments it reads only the owners. `slots` is null for workers of the previous release.
 */
export const fleet = sqlMigration(
  'Fleet1764000000990',
  `
alter table pack_runs.workers add column slots integer check (slots > 0);

create policy shown on pack_runs.probe_documents for select to taskrunner_owner using (true);

create function pack_runs.fleet(after uuid, most integer)
returns table (worker_id uuid, name text, version text, build text, isolation text, environments bytea[], labels text[], slots integer,
  since_ms bigint, renewed_ms bigint, lease_until_ms bigint, probe text, probe_document text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select w.worker_id, w.name, w.version, w.build, w.isolation, w.environments, w.labels, w.slots,
    -- The time in a UUID of version 7.
    ('x' || left(replace(w.worker_id::text, '-', ''), 12))::bit(48)::bigint,
    floor(extract(epoch from w.renewed_at) * 1000)::bigint, floor(extract(epoch from w.lease_until) * 1000)::bigint,
    w.probe, (select p.document from pack_runs.probe_documents p where 'sha256:' || encode(p.digest, 'hex') = w.probe)
  from pack_runs.workers w
  where w.state = 'live' and w.lease_until > clock_timestamp() and (fleet.after is null or w.worker_id > fleet.after)
  order by w.worker_id limit fleet.most
$$;

revoke execute on function pack_runs.fleet(uuid, integer) from public;
grant execute on function pack_runs.fleet(uuid, integer) to taskrunner_web;

grant select (tenant_id, run_id, name, owner) on pack_runs.assignments to taskrunner_web;
`,
);
