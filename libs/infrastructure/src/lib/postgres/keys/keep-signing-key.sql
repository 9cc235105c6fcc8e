select pack_runs.keep_signing_key($1, $2) as kept
