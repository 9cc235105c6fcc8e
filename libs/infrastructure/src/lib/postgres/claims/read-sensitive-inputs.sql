-- Executed once per claim, and only for runs whose plan has sensitive inputs.
select name, sealed from pack_runs.sensitive_inputs where tenant_id = $1 and run_id = $2 order by name
