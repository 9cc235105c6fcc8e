-- Up to $1 plans that no run is of, of all tenants. Both tables are read once, whatever their statistics say. With NOT EXISTS, all submissions
-- may be read for each plan.
select tenant_id, plan_hash from pack_runs.plans
except
select s.tenant_id, coalesce(s.plan_hash, pack_runs.digest_text(s.plan_bytes)) from pack_runs.submissions s
limit $1
