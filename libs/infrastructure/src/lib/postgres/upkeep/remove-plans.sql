-- Removes plans $2 of a tenant, except those of a run whose id is at least $3. Must run after the lock of the submissions, in its transaction.
with unused as materialized (
  select u.plan_hash from unnest($2::text[]) u (plan_hash)
  except
  select coalesce(s.plan_hash, pack_runs.digest_text(s.plan_bytes)) from pack_runs.submissions s
  where s.tenant_id = $1 and s.run_id >= $3::uuid
), removed as (
  delete from pack_runs.plans p
  where p.tenant_id = $1 and p.plan_hash = any ((select array_agg(u.plan_hash) from unused u)::text[]) returning 1
)
select count(*)::int as removed from removed
