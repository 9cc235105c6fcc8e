-- The lease of an item is moved ahead by whoever works on it still. One that waits for somebody to release it is not held.
update pack_runs.outbox set due_at = now() + $3 * interval '1 millisecond' where tenant_id = $1 and outbox_id = $2
  and due_at <> 'infinity'
