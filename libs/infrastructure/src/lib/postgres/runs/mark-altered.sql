-- A document of a run was found altered: the run is marked, and halted if it has not ended. The first to find it adds the audit row, in the
-- same statement; whoever comes later changes nothing.
select pack_runs.append_audit($1, $4) as audit_seq from pack_runs.mark_altered($1, $2, $3::json)
