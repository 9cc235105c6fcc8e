-- The plan as it was hashed, its profile, and the environment that the run was admitted in.
select p.plan, p.plan_hash, f.profile, f.environment
from pack_runs.run_sources s
join pack_runs.plans p on p.tenant_id = s.tenant_id and p.plan_hash = s.plan_hash
join pack_runs.profiles f on f.tenant_id = s.tenant_id and f.profile_digest = s.profile_digest
where s.tenant_id = $1 and s.run_id = $2
