-- Appends an audit entry for each of these runs that was stored. It is the last statement of the transaction that stores them, because the
-- counter of the chain stays locked until the commit. A run whose idempotency key was taken has no row and gets no entry.
select pack_runs.append_audit($1, s.event) as audit_seq
from unnest($2::uuid[], $3::text[]) s (run_id, event)
where exists (select from pack_runs.runs r where r.tenant_id = $1 and r.run_id = s.run_id)
order by s.run_id
