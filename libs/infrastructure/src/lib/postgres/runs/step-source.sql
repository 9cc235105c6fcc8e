-- Where the steps of a run are. Rows that a worker of an earlier release has written of a run without count for nothing.
select r.journaled_steps is not true as has_rows, r.last_seq,
  exists (select from pack_artifacts.attestations a where a.tenant_id = $1 and a.run_id = $2) as is_sealed
from pack_runs.runs r where r.tenant_id = $1 and r.run_id = $2
