-- Parked runs that were admitted under another configuration than a worker's own ($1), one for each pack, profile and set of signatures of
-- a tenant. Returns 200 after the last one that was read ($2 to $5).
with kinds as (
  select distinct on (r.tenant_id, s.content_digest, s.profile_digest, md5(s.pack_signatures::text))
    r.tenant_id, r.run_id, s.content_digest, s.profile_digest, md5(s.pack_signatures::text) as signatures
  from pack_runs.runs r
  join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
  where r.owner is null and r.due_at > now() and not r.unplaced and r.environment_digest <> all ($1::bytea[])
    -- They are where the next page begins. No program writes longer ones.
    and octet_length(s.content_digest) < 65536 and octet_length(s.profile_digest) < 65536
    and (r.tenant_id, s.content_digest, s.profile_digest, md5(s.pack_signatures::text)) > ($2, $3, $4, $5)
  order by r.tenant_id, s.content_digest, s.profile_digest, md5(s.pack_signatures::text)
  limit 200
)
select k.*, pack_runs.bounded(s.plan_hash, 65536) as plan_hash, pack_runs.bounded(plans.plan, 67108864) as plan,
  pack_runs.bounded(profiles.profile, 67108864) as profile, pack_runs.bounded(profiles.environment, 67108864) as environment,
  pack_runs.bounded(s.admission, 67108864) as admission
from kinds k
join pack_runs.run_sources s on s.tenant_id = k.tenant_id and s.run_id = k.run_id
join pack_runs.plans on plans.tenant_id = s.tenant_id and plans.plan_hash = s.plan_hash
join pack_runs.profiles on profiles.tenant_id = s.tenant_id and profiles.profile_digest = s.profile_digest
order by k.tenant_id, k.content_digest, k.profile_digest, k.signatures
