-- Releases assignments of dead workers, 500 at a time. No crash is counted here: an execution that had begun is lost and is not dispatched
-- again. If its step crashes workers, it crashes the worker that drives its run next.
with orphan as (
  select a.tenant_id, a.run_id, a.name from pack_runs.assignments a join pack_runs.workers w on w.worker_id = a.owner
  where w.state = 'dead' limit 500 for update of a skip locked
), freed as (
  update pack_runs.assignments a set owner = null from orphan o
  where a.tenant_id = o.tenant_id and a.run_id = o.run_id and a.name = o.name
  returning 1
)
select count(*)::int as freed from freed
