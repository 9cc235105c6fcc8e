-- Runs of claims whose answer was lost: owned by this worker, and it does not know. They are due again; no crash is counted. Locked in
-- the order in which flushes lock.
with lost as (
  select tenant_id, run_id from pack_runs.runs where owner = $1 and claim_seq = any($2::int[])
  order by tenant_id, run_id for update
)
update pack_runs.runs r set owner = null, due_at = now()
from lost l where r.tenant_id = l.tenant_id and r.run_id = l.run_id
