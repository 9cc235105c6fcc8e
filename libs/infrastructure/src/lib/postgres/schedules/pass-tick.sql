-- Advances a schedule over a tick ($4) that its history has already: somebody wrote the line, or the clock was set back. It does not run again.
update pack_runs.schedules s set next_ms = $5::bigint, leased_until = clock_timestamp(), stopped = $6::json
where s.tenant_id = $1 and s.schedule_id = $2::uuid and s.revision = $3 and s.next_ms = $4::bigint and s.stopped is null and not s.paused
  and exists (select from pack_runs.schedule_ticks t where t.tenant_id = $1 and t.schedule_id = $2::uuid and t.tick_ms = $4::bigint)
