-- The row of archived chunks of a sealed run that contains line $3 + 1. No chunks if the line does not exist; no row if the run is not
-- archived.
select t.bundle, (
    select c.chunks from pack_artifacts.archived_chunks c
    where c.tenant_id = $1 and c.run_id = $2 and c.last_line > $3 order by c.last_line limit 1
  ) as chunks
from pack_artifacts.archives a
join pack_artifacts.attestations t on t.tenant_id = a.tenant_id and t.run_id = a.run_id
where a.tenant_id = $1 and a.run_id = $2 and t.tenant_id = $1 and t.run_id = $2
