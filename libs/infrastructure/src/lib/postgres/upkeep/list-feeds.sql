-- Every tenant that has an event, with or without a position, from one to the next by index.
with recursive placed as (
  (select e.tenant_id from pack_runs.events e where e.position is not null order by e.tenant_id limit 1)
  union all
  select (select e.tenant_id from pack_runs.events e where e.position is not null and e.tenant_id > f.tenant_id
    order by e.tenant_id limit 1)
  from placed f where f.tenant_id is not null
), unplaced as (
  (select e.tenant_id from pack_runs.events e where e.position is null order by e.tenant_id limit 1)
  union all
  select (select e.tenant_id from pack_runs.events e where e.position is null and e.tenant_id > f.tenant_id
    order by e.tenant_id limit 1)
  from unplaced f where f.tenant_id is not null
)
select tenant_id from placed where tenant_id is not null union select tenant_id from unplaced where tenant_id is not null
