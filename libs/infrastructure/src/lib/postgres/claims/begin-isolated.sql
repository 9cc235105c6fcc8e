-- Records that a process of its own drives this run in quarantine. If the process now dies together with its worker, the run's crash is
-- counted.
update pack_runs.runs set alone_fence = fence
where tenant_id = $1 and run_id = $2 and fence = $3 and owner is not null
returning fence
