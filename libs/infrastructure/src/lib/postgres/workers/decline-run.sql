-- Excludes a worker session that cannot honour a run from the run's assignments.
update pack_runs.runs r set passed_by = array(
  select w.worker_id from pack_runs.workers w where (w.worker_id = any (r.passed_by) and w.state = 'live') or w.worker_id = $3
)
where r.tenant_id = $1 and r.run_id = $2
