-- A schedule with its pack, the database time, and the active runs that its history names, each with its admission for comparison.
select s.*, pack_runs.now_ms() as now_ms,
  (
    select coalesce(json_agg(json_build_object('runId', t.run_id, 'admission', pack_runs.readable(o.admission)) order by t.tick_ms), '[]')
    from pack_runs.schedule_ticks t
    join pack_runs.runs r on r.tenant_id = t.tenant_id and r.run_id = t.run_id
    left join pack_runs.run_sources o on o.tenant_id = t.tenant_id and o.run_id = t.run_id
    where t.tenant_id = s.tenant_id and t.schedule_id = s.schedule_id and t.run_id is not null
      and r.status not in ('succeeded', 'failed', 'cancelled', 'halted')
  ) as active
from pack_runs.schedules s
where s.tenant_id = $1 and s.schedule_id = $2::uuid
