-- What a living incarnation proves and honours from now on; what it has claimed stays its own until it is handed over.
update pack_runs.workers set probe = $2, isolation = $3, environments = $4::bytea[] where worker_id = $1 and state = 'live'
