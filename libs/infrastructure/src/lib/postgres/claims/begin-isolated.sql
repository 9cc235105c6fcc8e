-- A process that drives this run, and nothing beside it, begins: from here on the run is counted as crashed where that process goes down with its worker.
update pack_runs.runs set alone_fence = fence
where tenant_id = $1 and run_id = $2 and fence = $3 and owner is not null
returning fence
