-- Extends the lease of an item that its holder still processes. An item that waits for a release is not extended. After that, anybody takes it.
update pack_runs.outbox set due_at = now() + $3 * interval '1 millisecond', tries = greatest(tries, 1) where tenant_id = $1 and outbox_id = $2
  and due_at <> 'infinity'
