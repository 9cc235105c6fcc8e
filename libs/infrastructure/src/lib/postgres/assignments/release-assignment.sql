-- Releases an assignment. The next holder continues with the executions that have not begun.
update pack_runs.assignments set owner = null where tenant_id = $1 and run_id = $2 and name = $3 and fence = $4 and owner = $5
