-- Ends an announcement that was delivered or given up. The next one of its stream is due.
delete from pack_runs.outbox where tenant_id = $1 and outbox_id = $2 and kind = 'announce'
