-- Steps below a parent in plan order, after a step that was already read. That step is looked up first at the position that its name
-- suggests ($7), then among all siblings. The second arm is not executed if the first one has a row.
with cursor as (
  select a.place, a.step from pack_runs.steps a
  where a.tenant_id = $1 and a.run_id = $2 and a.parent = $3 and a.place = $7 and a.step = $5
  union all
  select a.place, a.step from pack_runs.steps a
  where a.tenant_id = $1 and a.run_id = $2 and a.parent = $3 and a.step = $5
  limit 1
)
select step, parent, place, kind, label, status, reason, attempts, next_attempt_ms, started_ms, finished_ms, children, outputs,
  outputs_ref, reused_from, error
from pack_runs.steps s
where s.tenant_id = $1 and s.run_id = $2 and s.parent = $3 and ($4::text is null or s.status = $4)
  and ($5::text is null or (s.place, s.step) > ((select place from cursor), (select step from cursor)))
order by s.place, s.step limit $6
