-- Removes up to $4 attestations of a tenant that were sealed before $2, after run $3. Their runs are removed and not held. Bundles are
-- collected when nothing refers to them. Must run after the lock of the tenant's holds, in its transaction. As in remove-runs, rows are
-- looked up by key.
with past as materialized (
  select a.run_id from pack_artifacts.attestations a
  where a.tenant_id = $1 and a.run_id > $3
    and a.run_id < pack_run_logs.uuid_floor((pack_runs.from_ms($2) at time zone 'UTC')::date + 1)
    and a.sealed_ms < $2
    and (select true from pack_runs.runs r where r.tenant_id = $1 and r.run_id = a.run_id) is null
    and (select true from pack_runs.holds h where h.tenant_id = $1 and h.run_id = a.run_id) is null
  order by a.run_id limit $4
), them as materialized (
  select array_agg(p.run_id order by p.run_id) as ids from past p
), removed as (
  delete from pack_artifacts.attestations t where t.tenant_id = $1 and t.run_id = any ((select ids from them)::uuid[])
)
select coalesce(cardinality(ids), 0)::int as removed, ids[cardinality(ids)]::text as last from them
