-- Replaces announcements without an endpoint by one for each subscribed endpoint: $1 tenants, $2 streams, $3 types, in step. They are about
-- schedules and come from webservices, which have no endpoints configured. Without a subscriber they are deleted. Concurrent callers wait
-- and then find none, because two at once would assign the same position in a stream.
with taken as (
  select tenant_id, outbox_id from pack_runs.outbox
  where kind = 'announce' and stream is null and due_at <= now() order by due_at, outbox_id limit 100 for update
), gone as (
  delete from pack_runs.outbox o using taken t where o.tenant_id = t.tenant_id and o.outbox_id = t.outbox_id
  returning o.tenant_id, o.run_id, o.outbox_id, o.body, o.since
)
insert into pack_runs.outbox (tenant_id, run_id, kind, body, stream, place, since)
select g.tenant_id, g.run_id, 'announce', g.body, e.stream,
  pack_runs.now_ms() * 1000 + row_number() over (partition by g.tenant_id, g.run_id, e.stream order by g.outbox_id), g.since
from gone g join unnest($1::text[], $2::text[], $3::text[]) e (tenant_id, stream, type)
  on e.tenant_id = g.tenant_id and e.type = pack_runs.member_text(g.body, 'type')
