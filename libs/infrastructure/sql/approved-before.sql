-- The last run of the same pack before $2 that has an approved gate, and its plan. Looked for among the 200 before it: what is read
-- has a bound, however many of them were never approved.
select approved.run_id, p.plan
from (
  select earlier.run_id, earlier.plan_hash
  from (
    select s.run_id, s.plan_hash from pack_runs.run_sources s
    where s.tenant_id = $1 and s.run_id < $2
      and s.pack_name = (select o.pack_name from pack_runs.run_sources o where o.tenant_id = $1 and o.run_id = $2)
    order by s.run_id desc limit 200
  ) earlier
  where exists (
    select from pack_runs.gates g where g.tenant_id = $1 and g.run_id = earlier.run_id and g.state = 'approved'
  )
  order by earlier.run_id desc limit 1
) approved
join pack_runs.plans p on p.tenant_id = $1 and p.plan_hash = approved.plan_hash
