-- It was told, or is given up: the next of its stream is due.
delete from pack_runs.outbox where tenant_id = $1 and outbox_id = $2 and kind = 'announce'
