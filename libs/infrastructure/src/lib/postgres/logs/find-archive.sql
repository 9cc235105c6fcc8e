-- Position of a sealed run's journal in its bundle.
select t.bundle, a.journal_offset, a.journal_size, a.journal_sha256
from pack_artifacts.archives a
join pack_artifacts.attestations t on t.tenant_id = a.tenant_id and t.run_id = a.run_id
where a.tenant_id = $1 and a.run_id = $2 and t.tenant_id = $1 and t.run_id = $2
