-- All tenants with a run or evidence, by a skip scan of the index.
with recursive of_runs as (
  (select r.tenant_id from pack_runs.runs r order by r.tenant_id limit 1)
  union all
  select (select r.tenant_id from pack_runs.runs r where r.tenant_id > t.tenant_id order by r.tenant_id limit 1)
  from of_runs t where t.tenant_id is not null
), of_evidence as (
  (select a.tenant_id from pack_artifacts.attestations a order by a.tenant_id limit 1)
  union all
  select (select a.tenant_id from pack_artifacts.attestations a where a.tenant_id > t.tenant_id order by a.tenant_id limit 1)
  from of_evidence t where t.tenant_id is not null
)
select tenant_id from of_runs where tenant_id is not null union select tenant_id from of_evidence where tenant_id is not null
