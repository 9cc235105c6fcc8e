-- Leases that ran out, told by a worker whose own renewals have come in time for one full lease, the last one lately: what it has not
-- renewed since an outage says nothing of those after it, in which the others have not renewed either. Locked rows are being renewed:
-- they are not dead.
with me as (
  select 1 from pack_runs.workers
  where worker_id = $1 and state = 'live' and lease_until > clock_timestamp()
    and steady_since <= clock_timestamp() - lease_ms * interval '1 millisecond'
    and renewed_at > clock_timestamp() - lease_ms * interval '0.5 millisecond'
), late as (
  select w.worker_id from pack_runs.workers w, me
  where w.state = 'live' and w.lease_until < clock_timestamp() for update of w skip locked
), dead as (
  update pack_runs.workers w set state = 'dead' from late where w.worker_id = late.worker_id
  returning w.worker_id as id, w.name
)
select exists (select from me) as may_sweep, (select coalesce(json_agg(dead order by id), '[]') from dead) as dead
