-- Executed once per claim, and only for runs whose plan has sensitive inputs.
select name, pack_runs.bounded(sealed, 134217728) as sealed from pack_runs.sensitive_inputs where tenant_id = $1 and run_id = $2 order by name
