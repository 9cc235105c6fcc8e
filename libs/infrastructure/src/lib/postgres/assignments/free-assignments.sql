-- Assignments of dead workers become claimable, 500 at a time. Nobody is blamed: what had begun is lost, is not lent again, and brings
-- its own driver down if it must.
with orphan as (
  select a.tenant_id, a.run_id, a.name from pack_runs.assignments a join pack_runs.workers w on w.worker_id = a.owner
  where w.state = 'dead' limit 500 for update of a skip locked
), freed as (
  update pack_runs.assignments a set owner = null from orphan o
  where a.tenant_id = o.tenant_id and a.run_id = o.run_id and a.name = o.name
  returning 1
)
select count(*)::int as freed from freed
