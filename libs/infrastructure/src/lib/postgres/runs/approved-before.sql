-- The gate of another run of the same pack that people approved last, until the instant $3 (milliseconds), with the plan of that run. $4: the
-- first id that a run created after the instant can have. Only the 200 newest runs before it are searched, which bounds the cost if none was
-- approved.
select s.run_id, s.plan_hash, s.profile_digest, s.pack_name, s.pack_version, s.content_digest, s.source_digest, s.initiators, s.rerun_of,
  s.admission, s.admission_digest, coalesce(p.plan, '') as plan, coalesce(f.profile, '') as profile, coalesce(f.environment, '') as environment,
  approved.gate, approved.ended_ms
from (
  select candidate.run_id, g.gate, g.ended_ms
  from (
    select s.run_id from pack_runs.run_sources s
    where s.tenant_id = $1 and s.run_id < $4::uuid and s.run_id <> $2
      and s.pack_name = (select o.pack_name from pack_runs.run_sources o where o.tenant_id = $1 and o.run_id = $2)
    order by s.run_id desc limit 200
  ) candidate
  -- The limit makes this a search by the key for each run. Without it, all gates are read if the statistics expect few approved ones.
  cross join lateral (
    select g.gate, g.ended_ms from pack_runs.gates g
    where g.tenant_id = $1 and g.run_id = candidate.run_id and g.state = 'approved' and g.ended_ms <= $3::bigint
    order by g.ended_ms desc, g.gate limit 1
  ) g
  order by g.ended_ms desc, candidate.run_id desc limit 1
) approved
join pack_runs.run_sources s on s.tenant_id = $1 and s.run_id = approved.run_id
left join pack_runs.plans p on p.tenant_id = s.tenant_id and p.plan_hash = s.plan_hash
left join pack_runs.profiles f on f.tenant_id = s.tenant_id and f.profile_digest = s.profile_digest
