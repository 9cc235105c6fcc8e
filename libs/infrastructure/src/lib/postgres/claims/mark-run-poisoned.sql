-- Marks a run as poisoned, under its fence. The process that drove only this run has died while its worker lives, so the run caused the
-- death. The next claim ends it.
update pack_runs.runs set owner = null, due_at = now(), due_set_at = clock_timestamp(), crashes = greatest(crashes, $4), version = pack_runs.next_version(version)
where tenant_id = $1 and run_id = $2 and fence = $3 and owner is not null
