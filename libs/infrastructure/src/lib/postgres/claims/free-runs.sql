-- Runs of dead workers become claimable, 500 at a time. The crash is counted here; what the count means, and that $1 leads to quarantine, is told by claimed-run.ts:
-- from there on it counts only if the run's own process had begun. Without an owner a run takes no flush, and its next claim moves the fence: what the dead worker
-- may still send finds no run of its own.
with orphan as (
  select r.tenant_id, r.run_id from pack_runs.runs r join pack_runs.workers w on w.worker_id = r.owner
  where w.state = 'dead' limit 500 for update of r skip locked
), freed as (
  update pack_runs.runs r set
    owner = null,
    crashes = r.crashes + case when r.crashes < $1 or r.alone_fence = r.fence then 1 else 0 end,
    due_at = now()
  from orphan o where r.tenant_id = o.tenant_id and r.run_id = o.run_id
  returning 1
)
select count(*)::int as freed from freed
