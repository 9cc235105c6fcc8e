-- A schedule with its pack, the database time, and its active runs.
select s.*, pack_runs.now_ms() as now_ms,
  array(
    select t.run_id::text from pack_runs.schedule_ticks t
    join pack_runs.runs r on r.tenant_id = t.tenant_id and r.run_id = t.run_id
    where t.tenant_id = s.tenant_id and t.schedule_id = s.schedule_id and t.run_id is not null
      and r.status not in ('succeeded', 'failed', 'cancelled', 'halted')
    order by t.tick_ms) as active
from pack_runs.schedules s
where s.tenant_id = $1 and s.schedule_id = $2::uuid
