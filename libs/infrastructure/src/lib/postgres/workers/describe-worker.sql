-- Updates the capabilities of a living worker session. Runs that it has claimed stay its own until they are handed over.
update pack_runs.workers set probe = $2, isolation = $3, environments = $4::bytea[] where worker_id = $1 and state = 'live'
