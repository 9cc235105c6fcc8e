-- Asked once a claim, and only for runs whose plan has some.
select name, sealed from pack_runs.sensitive_inputs where tenant_id = $1 and run_id = $2 order by name
