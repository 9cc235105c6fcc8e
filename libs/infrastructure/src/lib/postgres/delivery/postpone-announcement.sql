-- Schedules a retry. Later announcements of the same stream wait for it.
update pack_runs.outbox set due_at = now() + $3 * interval '1 millisecond', reason = $4
where tenant_id = $1 and outbox_id = $2 and kind = 'announce'
