-- One step by its name. It is looked up first at the position that the name suggests ($4 its parent, $5 to $6 its position), then in the
-- whole run.
select step, parent, place, kind, label, status, reason, attempts, next_attempt_ms, started_ms, finished_ms, children, outputs,
  outputs_ref, reused_from, error
from pack_runs.steps
where tenant_id = $1 and run_id = $2 and parent = $4 and place between $5 and $6 and step = $3
union all
select step, parent, place, kind, label, status, reason, attempts, next_attempt_ms, started_ms, finished_ms, children, outputs,
  outputs_ref, reused_from, error
from pack_runs.steps where tenant_id = $1 and run_id = $2 and step = $3
limit 1
