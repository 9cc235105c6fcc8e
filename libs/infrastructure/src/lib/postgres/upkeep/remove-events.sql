-- Up to $3 events of a tenant that are older than $2, from the first on: what is removed is always a beginning of the feed, and the head
-- names its end.
with young as (
  select min(e.position) as first from pack_runs.events e where e.tenant_id = $1 and e.position is not null and e.at_ms >= $2
), past as materialized (
  select e.position from pack_runs.events e, young
  where e.tenant_id = $1 and e.position is not null and (young.first is null or e.position < young.first)
  order by e.position limit $3
), removed as (
  delete from pack_runs.events e using past p where e.tenant_id = $1 and e.position = p.position
), marked as (
  update pack_runs.event_heads h set removed = m.last from (select max(p.position) as last from past p) m
  where h.tenant_id = $1 and m.last is not null
)
select count(*)::int as removed from past
