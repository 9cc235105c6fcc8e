-- Schedules of all tenants that are due, leased to the caller: names only.
select tenant_id, schedule_id from pack_runs.take_due_schedules($1, $2)
