import { sqlMigration } from '../sql-migration';

/**
 * What somebody else has written into a column takes nothing away from others.
 *
 * A run is marked and halted whatever its version and its fence are. Somebody else may have written a number that nothing can follow; a
 * version begins again then, and a fence becomes one that no claim has.
 *
 * The head of a feed that no event can follow begins again after the last event whose position is possible. Workers that renewed their
 * lease in another age are not shown.
 */
export const countersThatEnd = sqlMigration(
  'CountersThatEnd1764000001080',
  `
create or replace function pack_runs.mark_altered(tenant text, run uuid, finding json) returns setof boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tenant is distinct from current_setting('taskrunner.tenant', true) then
    return;
  end if;
  -- Run, counter of the audit chain, concurrency group: in the order of everybody who halts a run.
  perform from pack_runs.runs r where r.tenant_id = tenant and r.run_id = run for update;
  perform from pack_runs.audit_heads h where h.tenant_id = tenant for update;
  return query update pack_runs.runs r set altered = finding,
    -- Up to the last whole number that its readers can count.
    version = case when r.version between 0 and 9007199254740990 then r.version + 1 else 0 end,
    owner = case when ended.already then r.owner end,
    due_at = case when ended.already then r.due_at end,
    in_line = case when ended.already then r.in_line else false end,
    fence = case when ended.already then r.fence when r.fence between 0 and 9007199254740990 then r.fence + 1 else -1 end,
    status = case when ended.already then r.status else 'halted' end,
    evidence_status = case when ended.already then r.evidence_status else 'refused' end,
    waits = case when ended.already then r.waits else '[]' end,
    error = case when ended.already then r.error else finding end
  from (
    select e.tenant_id, e.run_id, e.status in ('succeeded', 'failed', 'cancelled', 'halted') as already
    from pack_runs.runs e where e.tenant_id = tenant and e.run_id = run
  ) ended
  where r.tenant_id = ended.tenant_id and r.run_id = ended.run_id
    and (not ended.already or pack_runs.mark_in(r.altered) is null)
  returning true;
end $$;

create or replace function pack_runs.place_events(tenant text, most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  stored bigint;
  head bigint;
  placed integer;
begin
  if tenant is distinct from current_setting('taskrunner.tenant', true) then
    return 0;
  end if;
  select h.position into stored from pack_runs.event_heads h where h.tenant_id = tenant;
  -- Positions up to the last whole number that readers can count. Others are none.
  select coalesce(max(e.position), 0) into head from pack_runs.events e
  where e.tenant_id = tenant and e.position between 1 and 9007199254740991 - most;
  if coalesce(stored, 0) between head and 9007199254740991 - most and not exists (
    select from pack_runs.events e where e.tenant_id = tenant and e.position is null) then
    return 0;
  end if;
  insert into pack_runs.event_heads (tenant_id) values (tenant) on conflict do nothing;
  select h.position into stored from pack_runs.event_heads h where h.tenant_id = tenant for update;
  -- Again, under the lock.
  head := greatest(
    case when stored between 0 and 9007199254740991 - most then stored end,
    (select max(e.position) from pack_runs.events e where e.tenant_id = tenant and e.position between 1 and 9007199254740991 - most),
    0);
  with next as (
    select e.event_id, row_number() over (order by e.event_id) as n from pack_runs.events e
    where e.tenant_id = tenant and e.position is null order by e.event_id limit most
  )
  update pack_runs.events e set position = head + next.n from next
  where e.tenant_id = tenant and e.position is null and e.event_id = next.event_id;
  get diagnostics placed = row_count;
  update pack_runs.event_heads h set position = head + placed where h.tenant_id = tenant;
  return placed;
end $$;

create or replace function pack_runs.fleet(after uuid, most integer)
returns table (worker_id uuid, name text, version text, build text, isolation text, environments bytea[], labels text[], slots integer,
  since_ms bigint, renewed_ms bigint, lease_until_ms bigint, probe text, probe_document text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select w.worker_id, w.name, w.version, w.build, w.isolation, w.environments, w.labels, w.slots,
    -- The time in a UUID of version 7.
    ('x' || left(replace(w.worker_id::text, '-', ''), 12))::bit(48)::bigint,
    floor(extract(epoch from w.renewed_at) * 1000)::bigint, floor(extract(epoch from w.lease_until) * 1000)::bigint,
    w.probe, (select p.document from pack_runs.probe_documents p where 'sha256:' || encode(p.digest, 'hex') = w.probe)
  from pack_runs.workers w
  where w.state = 'live' and w.lease_until > clock_timestamp() and w.lease_until < clock_timestamp() + interval '1 day'
    and w.renewed_at > 'epoch' and w.renewed_at < clock_timestamp() + interval '1 day'
    -- The first UUID after the year 9999.
    and w.worker_id < 'e677d21f-dc00-0000-0000-000000000000'
    and (fleet.after is null or w.worker_id > fleet.after)
  order by w.worker_id limit fleet.most
$$;
`,
);
