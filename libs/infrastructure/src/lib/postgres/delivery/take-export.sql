-- Leases the delivery that has been due longest, for one destination ($1) or for all except $2. The lease moves its due time ahead.
-- A delivery whose time nobody has written has just been requested.
with due as (
  select tenant_id, run_id, destination from pack_artifacts.exports
  where status = 'pending' and due_at <= now() and ($1::text is null or destination = $1) and destination <> all($2::text[])
  order by due_at limit 1 for update skip locked
)
update pack_artifacts.exports e set due_at = now() + $3 * interval '1 millisecond', tries = least(e.tries, 2147483646) + 1
from due where e.tenant_id = due.tenant_id and e.run_id = due.run_id and e.destination = due.destination
returning e.tenant_id, e.run_id, e.destination, e.artifacts, e.tries, case when e.requested_ms between 0 and 9007199254740991 then pack_runs.now_ms() - e.requested_ms else 0 end as age_ms
