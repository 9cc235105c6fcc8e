-- Corrects times after the clock was set back. A due time that was set in what is now the future keeps its distance: from now instead of
-- from the time at which it was set. A time that no clock shows is due now. A worker's lease is cut to the maximum length of a lease. 500 of each at a time.
with ahead as (
  select r.tenant_id, r.run_id from pack_runs.runs r
  where r.owner is null and r.due_at is not null
    and greatest(r.due_set_at, r.committed_at) > clock_timestamp() + $1 * interval '1 millisecond'
  limit 500 for update skip locked
), runs as (
  update pack_runs.runs r set
    due_at = case when r.due_set_at > now() then now() + pack_runs.distance(r.due_set_at, r.due_at) else r.due_at end,
    due_set_at = least(r.due_set_at, clock_timestamp()), committed_at = least(r.committed_at, now())
  from ahead a where r.tenant_id = a.tenant_id and r.run_id = a.run_id
  returning 1
), items as (
  update pack_runs.outbox o set due_at = now() + pack_runs.distance(o.due_set_at, o.due_at)
  from (
    select i.tenant_id, i.outbox_id from pack_runs.outbox i
    where i.due_at <> 'infinity' and i.due_set_at > clock_timestamp() + $1 * interval '1 millisecond'
    limit 500 for update skip locked
  ) a where o.tenant_id = a.tenant_id and o.outbox_id = a.outbox_id
  returning 1
), deliveries as (
  update pack_artifacts.exports e set due_at = now() + pack_runs.distance(e.due_set_at, e.due_at)
  from (
    select i.tenant_id, i.run_id, i.destination from pack_artifacts.exports i
    where i.status = 'pending' and i.due_set_at > clock_timestamp() + $1 * interval '1 millisecond'
    limit 500 for update skip locked
  ) a where e.tenant_id = a.tenant_id and e.run_id = a.run_id and e.destination = a.destination
  returning 1
), leases as (
  update pack_runs.workers w set lease_until = clock_timestamp() + w.lease_ms * interval '1 millisecond'
  from (
    select l.worker_id from pack_runs.workers l
    where l.state = 'live' and l.lease_until > clock_timestamp() + (l.lease_ms + $1) * interval '1 millisecond'
    for update skip locked
  ) a where w.worker_id = a.worker_id
  returning 1
)
select (select count(*) from runs)::int as runs, (select count(*) from items)::int as items,
  (select count(*) from deliveries)::int as deliveries, (select count(*) from leases)::int as leases
