-- Leases the delivery that has been due longest, for one destination ($1) or for all except $2. The lease moves its due time ahead.
with due as (
  select tenant_id, run_id, destination from pack_artifacts.exports
  where status = 'pending' and due_at <= now() and ($1::text is null or destination = $1) and destination <> all($2::text[])
  order by due_at limit 1 for update skip locked
)
update pack_artifacts.exports e set due_at = now() + $3 * interval '1 millisecond', tries = least(e.tries, 2147483646) + 1
from due where e.tenant_id = due.tenant_id and e.run_id = due.run_id and e.destination = due.destination
returning e.tenant_id, e.run_id, e.destination, e.artifacts, e.tries, pack_runs.now_ms() - e.requested_ms as age_ms
