-- Leases due items by moving their due times ahead, on the database's clock. Those that nobody has had belong for $4 milliseconds to the worker
-- that committed the end of the run, which needs no statement to take them.
with due as (
  select tenant_id, outbox_id from pack_runs.outbox
  where kind = $1 and due_at <= now() and (tries > 0 or due_at <= now() - $4 * interval '1 millisecond')
  order by due_at limit $2 for update skip locked
)
update pack_runs.outbox o set due_at = now() + $3 * interval '1 millisecond', tries = least(o.tries, 2147483646) + 1
from due where o.tenant_id = due.tenant_id and o.outbox_id = due.outbox_id
returning o.outbox_id, o.tenant_id, o.run_id, o.kind, o.tries,
  (select pack_runs.bounded(s.trace_context, 65536) from pack_runs.run_sources s where s.tenant_id = o.tenant_id and s.run_id = o.run_id) as trace_context
