-- Marks due runs of tenants ($2) and environments ($3) that neither this worker nor another living one can honour. They leave the index of
-- due runs and record the missing parts ($4, in the same order) and the time. They must have been due for $5 milliseconds, because a
-- capable worker may not have read their environment yet. 500 at a time.
with lost as (
  select r.tenant_id, r.run_id, u.parts from unnest($2::text[], $3::bytea[], $4::text[]) u (tenant_id, digest, parts)
  join pack_runs.runs r on r.tenant_id = u.tenant_id collate "C" and r.environment_digest = u.digest
  where r.owner is null and r.due_at is not null and r.due_at <= now() - $5::int8 * interval '1 millisecond' and not r.unplaced
    and exists (select from pack_runs.workers w where w.worker_id = $1 and w.state = 'live' and w.lease_until > clock_timestamp())
    and not exists (
      select from pack_runs.workers w
      where w.state = 'live' and w.lease_until > clock_timestamp() and u.digest = any (w.environments)
        and coalesce(w.worker_id <> all (r.passed_by), true) and r.worker_labels <@ w.labels collate "C"
    )
  order by r.tenant_id, r.run_id limit 500 for update of r skip locked
)
update pack_runs.runs r set unplaced = true, unhonoured = l.parts, version = pack_runs.next_version(r.version),
  status = case r.status when 'cancelling' then r.status else 'waiting' end,
  waits = json_build_array(json_build_object('kind', 'environment', 'id', l.parts,
    'since', to_char(greatest(r.due_at, 'epoch') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'until', null))
from lost l where r.tenant_id = l.tenant_id and r.run_id = l.run_id
returning r.tenant_id, r.run_id, l.parts, floor(extract(epoch from greatest(r.due_at, 'epoch')) * 1000)::float8 as since_ms
