-- Removes up to $4 attestations of a tenant that were sealed before $2, after run $3. Their runs are removed and not held. Bundles are
-- collected when nothing refers to them. Must run after the lock of the tenant's holds, in its transaction.
with past as materialized (
  select a.run_id from pack_artifacts.attestations a
  where a.tenant_id = $1 and a.run_id > $3
    and a.run_id < pack_run_logs.uuid_floor((pack_runs.from_ms($2) at time zone 'UTC')::date + 1)
    and a.sealed_ms < $2
    and not exists (select from pack_runs.runs r where r.tenant_id = $1 and r.run_id = a.run_id)
    and not exists (select from pack_runs.holds h where h.tenant_id = $1 and h.run_id = a.run_id)
  order by a.run_id limit $4
), removed as (
  delete from pack_artifacts.attestations t using past p where t.tenant_id = $1 and t.run_id = p.run_id
)
select count(*)::int as removed, max(run_id::text) as last from past
