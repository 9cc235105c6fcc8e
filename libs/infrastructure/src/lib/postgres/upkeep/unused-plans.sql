-- Up to $1 plans that no run uses, of all tenants, with their stored bytes and the least id that a run can have whose id was made at most $2
-- milliseconds before this statement. Both tables are read once, whatever their statistics say. With NOT EXISTS, all submissions may be read
-- for each plan.
select u.tenant_id, u.plan_hash, stored.bytes,
  (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - $2::bigint), 12, '0') || repeat('0', 20))::uuid::text as floor
from (
  select tenant_id, plan_hash from pack_runs.plans
  except
  select s.tenant_id, coalesce(s.plan_hash, pack_runs.digest_text(s.plan_bytes)) from pack_runs.submissions s
  limit $1
) u
cross join lateral (
  select coalesce(pg_column_size(p.plan), 0) + coalesce(pg_column_size(p.manifest), 0) as bytes from pack_runs.plans p
  where p.tenant_id = u.tenant_id and p.plan_hash = u.plan_hash limit 1
) stored
