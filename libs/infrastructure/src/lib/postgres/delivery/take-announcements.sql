-- Leases due announcements. Of each run and stream only the first remaining one is taken, so that none overtakes another (a reminder has
-- its own stream). Of each stream at most $3 are taken at once, in turns, and none of busy streams, so that an unresponsive endpoint delays
-- no other. SKIP LOCKED gives a second worker other rows. Rows of a lost worker become due when the lease ends.
-- A time that nobody writes is 1970.
with first as materialized (
  select o.tenant_id, o.outbox_id, o.due_at, row_number() over (partition by o.tenant_id, o.stream order by o.due_at) as turn
  from pack_runs.outbox o
  where o.kind = 'announce' and o.due_at <= now() and o.stream is not null and o.stream <> all ($4::text[]) and not exists (
    select from pack_runs.outbox e
    where e.tenant_id = o.tenant_id and e.run_id = o.run_id and e.stream = o.stream and e.place < o.place and e.kind = 'announce')
), due as (
  select o.tenant_id, o.outbox_id from first f join pack_runs.outbox o using (tenant_id, outbox_id)
  where f.turn <= $3 and o.due_at <= now() order by f.turn, f.due_at limit $1 for update of o skip locked
)
update pack_runs.outbox o set due_at = now() + $2 * interval '1 millisecond', tries = least(o.tries, 2147483646) + 1
from due where o.tenant_id = due.tenant_id and o.outbox_id = due.outbox_id
returning o.outbox_id, o.tenant_id, o.run_id, o.stream, pack_runs.bounded(o.body, 67108864) as body, o.tries, pack_runs.now_ms() as now_ms,
  case when o.since between 'epoch' and '9999-12-31' then pack_runs.epoch_ms(o.since) else 0 end as since_ms,
  (select g.state from pack_runs.gates g
    where g.tenant_id = o.tenant_id and g.run_id = o.run_id and g.gate = pack_runs.member_text(o.body, 'gate')) as gate_state
