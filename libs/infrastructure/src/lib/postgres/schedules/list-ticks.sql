-- Ticks of a schedule, newest first.
select tick_ms, last_ms, count, outcome, reason, run_id, decided_ms
from pack_runs.schedule_ticks
where tenant_id = $1 and schedule_id = $2::uuid and ($4::bigint is null or tick_ms < $4::bigint)
order by tick_ms desc limit $3
