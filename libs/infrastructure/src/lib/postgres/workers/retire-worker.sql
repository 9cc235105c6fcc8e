-- Drain: what it still owns is due at once and no crash is counted. Locked in the order in which flushes lock, runs before assignments:
-- that one asks for the other, since of two arms that do not PostgreSQL executes the last one first.
with mine as (
  select tenant_id, run_id from pack_runs.runs where owner = $1 order by tenant_id, run_id for update
), freed as (
  update pack_runs.runs r set owner = null, due_at = now()
  from mine m where r.tenant_id = m.tenant_id and r.run_id = m.run_id
  returning 1
), given_back as (
  update pack_runs.assignments set owner = null where owner = $1 and (select count(*) from freed) >= 0
)
delete from pack_runs.workers where worker_id = $1
