-- Passes on concurrency groups whose row names no run that holds them, at most $1.
select pack_runs.pass_on_groups($1) as passed
