select pack_runs.keep_public_keys($1, $2)
