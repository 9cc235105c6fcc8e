-- The last run of the same pack before $2 that has an approved gate, with its plan. Only the 200 previous runs are searched, which bounds
-- the cost if none was approved.
select s.run_id, s.plan_hash, s.profile_digest, s.pack_name, s.pack_version, s.content_digest, s.source_digest, s.initiators, s.rerun_of,
  s.admission, s.admission_digest, coalesce(p.plan, '') as plan, coalesce(f.profile, '') as profile, coalesce(f.environment, '') as environment
from (
  select earlier.run_id
  from (
    select s.run_id from pack_runs.run_sources s
    where s.tenant_id = $1 and s.run_id < $2
      and s.pack_name = (select o.pack_name from pack_runs.run_sources o where o.tenant_id = $1 and o.run_id = $2)
    order by s.run_id desc limit 200
  ) earlier
  where exists (
    select from pack_runs.gates g where g.tenant_id = $1 and g.run_id = earlier.run_id and g.state = 'approved'
  )
  order by earlier.run_id desc limit 1
) approved
join pack_runs.run_sources s on s.tenant_id = $1 and s.run_id = approved.run_id
left join pack_runs.plans p on p.tenant_id = s.tenant_id and p.plan_hash = s.plan_hash
left join pack_runs.profiles f on f.tenant_id = s.tenant_id and f.profile_digest = s.profile_digest
