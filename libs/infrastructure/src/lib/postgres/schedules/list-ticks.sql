-- Ticks of a schedule, newest first, with the admissions of their runs for comparison.
select t.tick_ms, t.last_ms, t.count, t.outcome, t.reason, t.run_id, t.decided_ms, o.admission
from (
  select * from pack_runs.schedule_ticks
  where tenant_id = $1 and schedule_id = $2::uuid and ($4::bigint is null or tick_ms < $4::bigint)
  order by tick_ms desc limit $3
) t
left join pack_runs.run_sources o on o.tenant_id = $1 and o.run_id = t.run_id
order by t.tick_ms desc
