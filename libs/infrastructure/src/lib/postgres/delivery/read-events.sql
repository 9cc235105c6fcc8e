-- Where a tenant's feed stands, and its events after a position, in one snapshot. A tenant without a head has had no event.
with head as (
  select h.position, h.removed from pack_runs.event_heads h where h.tenant_id = $1
  union all select 0, 0 limit 1
), page as (
  select e.position, e.at_ms, e.type, e.run, e.status, e.gate, e.detail from pack_runs.events e
  where e.tenant_id = $1 and e.position > coalesce($2::bigint, (select removed from head)) and e.position <= (select position from head) order by e.position limit $3
)
select head.position as head, head.removed, page.* from head left join page on true order by page.position
