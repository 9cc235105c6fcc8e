-- Halts a run under its fence and appends the audit entry. A halted run has no owner, is never due, and gets no statement. It has no outputs:
-- where its row has some, somebody else has written them, or the status of a run that had ended.
with halted as (
  update pack_runs.runs set owner = null, due_at = null, in_line = false, status = 'halted', evidence_status = 'refused',
    waits = '[]', outputs = null, error = $4, version = pack_runs.next_version(version)
  where tenant_id = $1 and run_id = $2 and fence = $3 and owner is not null
  returning 1
), audited as materialized (
  select pack_runs.append_audit($1, $5) from halted
)
select exists (select from audited)
  or exists (select from pack_runs.runs where tenant_id = $1 and run_id = $2 and fence = $3 and status = 'halted') as halted
