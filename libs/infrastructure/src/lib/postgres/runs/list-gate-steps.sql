-- Gate steps of a run by name, after a given one. Reads all steps of the run, which is acceptable for a rare request.
select step, parent, place, kind, label, status, reason, attempts, next_attempt_ms, started_ms, finished_ms, children, outputs,
  outputs_ref, reused_from, error
from pack_runs.steps s
where s.tenant_id = $1 and s.run_id = $2 and s.kind = 'gate' and ($4::text is null or s.step > $4 collate "C")
order by s.step collate "C" limit $3
