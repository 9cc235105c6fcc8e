-- The evidence of a run.
select t.bundle, t.bundle_size, t.statements, r.evidence_digest
from pack_artifacts.attestations t
-- The evidence may outlive the run's rows.
left join pack_runs.runs r on r.tenant_id = t.tenant_id and r.run_id = t.run_id
where t.tenant_id = $1 and t.run_id = $2
