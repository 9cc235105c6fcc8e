-- The accepted documents of a run for the holder of one of its assignments: what a claim of the run returns, without its journal.
select r.tenant_id, r.run_id, r.fence, r.crashes, greatest(1, r.last_seq) as last_seq, r.last_line, r.head, null::bytea as mac, r.seen,
  s.plan_hash, s.profile_digest, s.pack_name, s.pack_version, s.content_digest, s.source_digest, s.manifest, s.files, s.inputs,
  s.admission, s.admission_digest, s.trace_context, plans.plan, profiles.profile, profiles.environment, 0::float8 as waited_ms
from pack_runs.runs r
join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
join pack_runs.plans on plans.tenant_id = s.tenant_id and plans.plan_hash = s.plan_hash
join pack_runs.profiles on profiles.tenant_id = s.tenant_id and profiles.profile_digest = s.profile_digest
where r.tenant_id = $1 and r.run_id = $2
