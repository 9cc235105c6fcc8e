-- Drains a worker: its runs are due at once, and no crash is counted. Locks in the order of flushes, runs before assignments. The second
-- arm refers to the first one, because PostgreSQL executes independent arms in reverse order.
with mine as (
  select tenant_id, run_id from pack_runs.runs where owner = $1 and pack_runs.fits_indexes(tenant_id, worker_labels, environment_digest)
  order by tenant_id, run_id for update
), freed as (
  update pack_runs.runs r set owner = null, due_at = now(), due_set_at = clock_timestamp()
  from mine m where r.tenant_id = m.tenant_id and r.run_id = m.run_id
  returning 1
), given_back as (
  update pack_runs.assignments set owner = null where owner = $1 and (select count(*) from freed) >= 0
)
delete from pack_runs.workers where worker_id = $1
