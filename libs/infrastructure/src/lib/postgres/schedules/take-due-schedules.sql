-- Leases the due schedules of all tenants. Returns only their names.
select tenant_id, schedule_id from pack_runs.take_due_schedules($1, $2)
