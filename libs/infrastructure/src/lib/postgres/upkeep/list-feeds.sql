-- Every tenant that has an event, from one to the next by index.
with recursive feeds as (
  (select e.tenant_id from pack_runs.events e order by e.tenant_id limit 1)
  union all
  select (select e.tenant_id from pack_runs.events e where e.tenant_id > f.tenant_id order by e.tenant_id limit 1)
  from feeds f where f.tenant_id is not null
)
select tenant_id from feeds where tenant_id is not null
