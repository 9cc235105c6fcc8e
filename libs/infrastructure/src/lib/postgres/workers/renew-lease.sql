-- Renews a lease. A late lease is renewed too if it was not swept, because nothing was taken over. The worker counts as steady only if its
-- previous renewal was within half a lease, so that after an outage no worker sweeps before all had time to renew. A lease far in the
-- future shows that the clock was set back. The worker says how long its leases are, whatever its row says.
with renewed as (
  update pack_runs.workers set
    lease_ms = $2::int,
    lease_until = clock_timestamp() + $2::int * interval '1 millisecond',
    steady_since = case when renewed_at > clock_timestamp() - $2::int * interval '0.5 millisecond' and renewed_at <= clock_timestamp()
      then steady_since
      else clock_timestamp() end,
    renewed_at = clock_timestamp()
  where worker_id = $1 and state = 'live'
  returning 1
)
select exists (select from renewed) as held, pack_runs.now_ms() as at_ms
