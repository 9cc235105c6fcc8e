-- Tries again later; the run shows how it stands unless it is sealed.
with later as (
  update pack_runs.outbox set due_at = now() + $3 * interval '1 millisecond', reason = $5
  where tenant_id = $1 and outbox_id = $2
  returning tenant_id, run_id, kind
)
update pack_runs.runs r set evidence_status = $4, version = r.version + 1
from later l where r.tenant_id = l.tenant_id and r.run_id = l.run_id and l.kind = 'attest'
  and r.evidence_status in ('none', 'pending', 'blocked') and r.evidence_status <> $4
