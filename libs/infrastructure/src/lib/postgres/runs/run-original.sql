-- The documents from which a rerun is made: four rows by key.
select pack_runs.shown_status(r.status, r.cancel_position, r.seen) as status, r.head, s.run_id, s.plan_hash, s.profile_digest, s.pack_name,
  s.pack_version, s.content_digest, s.source_digest, s.manifest, s.files, s.pack_signatures, s.inputs, s.initiators, s.labels, s.rerun_of, s.forms,
  s.admission, s.admission_digest, coalesce(p.plan, '') as plan, coalesce(f.profile, '') as profile, coalesce(f.environment, '') as environment
from pack_runs.runs r join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
left join pack_runs.plans p on p.tenant_id = s.tenant_id and p.plan_hash = s.plan_hash
left join pack_runs.profiles f on f.tenant_id = s.tenant_id and f.profile_digest = s.profile_digest
where r.tenant_id = $1 and r.run_id = $2
