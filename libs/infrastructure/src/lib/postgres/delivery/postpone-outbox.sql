-- Schedules a retry, by anybody, or, if blocked, waits for a release. The run shows this state unless it is sealed.
with later as (
  update pack_runs.outbox set reason = $5, tries = greatest(tries, 1),
    due_at = case when $4 = 'blocked' then 'infinity' else now() + $3 * interval '1 millisecond' end
  where tenant_id = $1 and outbox_id = $2
  returning tenant_id, run_id, kind
)
update pack_runs.runs r set evidence_status = $4, evidence_reason = case when $4 = 'blocked' then $5 end, version = pack_runs.next_version(r.version)
from later l where r.tenant_id = l.tenant_id and r.run_id = l.run_id and l.kind = 'attest'
  and r.evidence_status in ('none', 'pending', 'blocked') and (r.evidence_status <> $4 or $4 = 'blocked' and r.evidence_reason is distinct from $5)
