-- Marks a run with an altered document, and halts it if it has not ended. The first caller appends the audit entry in the same statement;
-- later callers change nothing.
select pack_runs.append_audit($1, $4) as audit_seq from pack_runs.mark_altered($1, $2, $3::json)
