-- What sealing left.
select t.bundle, t.bundle_size, t.statements, r.evidence_digest
from pack_artifacts.attestations t
-- The rows of a run may go before its evidence.
left join pack_runs.runs r on r.tenant_id = t.tenant_id and r.run_id = t.run_id
where t.tenant_id = $1 and t.run_id = $2
