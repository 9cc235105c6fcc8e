-- Tried again later; what comes after it in its stream waits behind it.
update pack_runs.outbox set due_at = now() + $3 * interval '1 millisecond', reason = $4
where tenant_id = $1 and outbox_id = $2 and kind = 'announce'
