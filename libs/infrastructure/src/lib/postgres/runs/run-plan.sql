-- The plan as it was hashed, its profile, the environment of the admission, and the admission for comparison. A missing document is empty
-- text, which matches no digest.
select s.run_id, s.plan_hash, s.profile_digest, s.pack_name, s.pack_version, s.content_digest, s.source_digest, s.initiators, s.rerun_of,
  s.admission, s.admission_digest, coalesce(p.plan, '') as plan, coalesce(f.profile, '') as profile, coalesce(f.environment, '') as environment
from pack_runs.run_sources s
left join pack_runs.plans p on p.tenant_id = s.tenant_id and p.plan_hash = s.plan_hash
left join pack_runs.profiles f on f.tenant_id = s.tenant_id and f.profile_digest = s.profile_digest
where s.tenant_id = $1 and s.run_id = $2
