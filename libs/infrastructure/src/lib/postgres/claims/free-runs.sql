-- Releases runs of dead workers, 500 at a time, and counts the crash. claimed-run.ts explains the count and the quarantine after $1
-- crashes: from then on a crash counts only if the run's own process had begun. A run without an owner rejects every flush, and its next
-- claim increments the fence. Late writes of the dead worker therefore match no run. A row that no index can hold keeps no other waiting.
with orphan as (
  select r.tenant_id, r.run_id from pack_runs.runs r join pack_runs.workers w on w.worker_id = r.owner
  where w.state = 'dead' and pack_runs.fits_indexes(r.tenant_id, r.worker_labels, r.environment_digest) limit 500 for update of r skip locked
), freed as (
  update pack_runs.runs r set
    owner = null,
    crashes = least(r.crashes, 2147483646) + case when r.crashes < $1 or r.alone_fence = r.fence then 1 else 0 end,
    due_at = now(), due_set_at = clock_timestamp()
  from orphan o where r.tenant_id = o.tenant_id and r.run_id = o.run_id
  returning 1
)
select count(*)::int as freed from freed
