-- Releases runs of claims whose response was lost: this worker owns them without knowing it. No crash is counted. Locks in the order of
-- flushes.
with lost as (
  select tenant_id, run_id from pack_runs.runs where owner = $1 and claim_seq = any($2::int[])
    and pack_runs.fits_indexes(tenant_id, worker_labels, environment_digest)
  order by tenant_id, run_id for update
)
update pack_runs.runs r set owner = null, due_at = now(), due_set_at = clock_timestamp()
from lost l where r.tenant_id = l.tenant_id and r.run_id = l.run_id
