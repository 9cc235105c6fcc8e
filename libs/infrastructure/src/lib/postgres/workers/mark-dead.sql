-- Marks workers with expired leases as dead. Only a worker whose own renewals were in time for a full lease, the last one recently, may do
-- so: after an outage of the database all leases have expired, which proves nothing. Locked rows are being renewed and therefore skipped.
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
