-- Appends an audit entry for the inbox message with this key if this transaction has inserted it, and returns the message with this key and
-- text, whichever transaction has inserted it. It is the last statement of the transaction, because the counter of the chain stays locked
-- until the commit.
select i.position, case when i.xmin = pg_current_xact_id()::xid then pack_runs.append_audit($1, $5) end as audit_seq
from pack_runs.inbox i
where i.tenant_id = $1 and i.run_id = $2 and i.dedupe = $3 and i.given::text = $4
