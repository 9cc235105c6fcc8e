-- All steps of a run by parent, in the order of the key, after a step that was already read.
select step, parent, place, kind, label, status, reason, attempts, next_attempt_ms, started_ms, finished_ms, children, outputs,
  outputs_ref, reused_from, error
from pack_runs.steps s
where s.tenant_id = $1 and s.run_id = $2 and ($3::text is null or s.status = $3)
  and ($4::text is null or (s.parent, s.place, s.step) > (select a.parent, a.place, a.step from pack_runs.steps a
    where a.tenant_id = $1 and a.run_id = $2 and a.step = $4))
order by s.parent, s.place, s.step limit $5
