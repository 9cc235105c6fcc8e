-- The admission record of one run, for the rerun that takes results over from it.
select admission from pack_runs.run_sources where tenant_id = $1 and run_id = $2
