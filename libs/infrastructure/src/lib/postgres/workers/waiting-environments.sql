-- Environments of runs without a worker, due now or later, with one probe for each tenant and environment. The document of an unknown one
-- (not in $1) is read from one of its runs.
with recursive kinds (tenant_id, digest, run_id) as (
  (select r.tenant_id, r.environment_digest, r.run_id from pack_runs.runs r
   where r.owner is null and r.due_at is not null and not r.unplaced
   order by r.tenant_id, r.environment_digest limit 1)
  union all
  select next.* from kinds k cross join lateral (
    select r.tenant_id, r.environment_digest, r.run_id from pack_runs.runs r
    where r.owner is null and r.due_at is not null and not r.unplaced
      and (r.tenant_id, r.environment_digest) > (k.tenant_id, k.digest)
    order by r.tenant_id, r.environment_digest limit 1
  ) next
), waiting as (
  select tenant_id, digest, run_id from kinds
  union all
  (select distinct on (r.environment_digest) r.tenant_id, r.environment_digest, r.run_id from pack_runs.runs r
   where r.unhonoured is not null order by r.environment_digest)
), one as (
  select distinct on (w.digest) w.*, array_agg(w.tenant_id) over (partition by w.digest) as tenants from waiting w order by w.digest
)
select one.digest, one.tenants, pack_runs.bounded(profiles.environment, 67108864) as environment from one
left join pack_runs.run_sources s on one.digest <> all ($1::bytea[]) and s.tenant_id = one.tenant_id and s.run_id = one.run_id
left join pack_runs.profiles on profiles.tenant_id = s.tenant_id and profiles.profile_digest = s.profile_digest
