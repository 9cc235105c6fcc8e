-- A lease that is late but not swept is renewed: nobody has taken anything. It counts as steady only if the renewal before
-- came within half a lease, so that after an outage nobody sweeps until all had time to renew; one that lies ahead shows that the clock was
-- set back.
with renewed as (
  update pack_runs.workers set
    lease_until = clock_timestamp() + lease_ms * interval '1 millisecond',
    steady_since = case when renewed_at > clock_timestamp() - lease_ms * interval '0.5 millisecond' and renewed_at <= clock_timestamp()
      then steady_since
      else clock_timestamp() end,
    renewed_at = clock_timestamp()
  where worker_id = $1 and state = 'live'
  returning 1
)
select exists (select from renewed) as held, pack_runs.now_ms() as at_ms
