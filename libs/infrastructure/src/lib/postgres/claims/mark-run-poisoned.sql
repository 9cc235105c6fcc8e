-- The process that drove this run, and nothing beside it, has died, and the worker that watched it lives: the death was the run's own.
-- Whoever claims it next ends it. Fenced.
update pack_runs.runs set owner = null, due_at = now(), crashes = greatest(crashes, $4), version = version + 1
where tenant_id = $1 and run_id = $2 and fence = $3 and owner is not null
