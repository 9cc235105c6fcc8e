-- The admission record of a run, for a rerun that reuses its results, and for a repeated request.
select admission from pack_runs.run_sources where tenant_id = $1 and run_id = $2
