-- Drain: what it still owns is due at once and no crash is counted.
with freed as (
  update pack_runs.runs set owner = null, due_at = now() where owner = $1
), given_back as (
  update pack_runs.assignments set owner = null where owner = $1
)
delete from pack_runs.workers where worker_id = $1
